package main

// precedents says where a real system had a bug, or who named it, as Markdown. Bugs without one are not in it.
var precedents = map[string]string{
	"raftkv/local-reads":     "[etcd and Consul, 2014](https://aphyr.com/posts/316-jepsen-etcd-and-consul)",
	"raftkv/lease-reads":     "[etcd-io/raft#166](https://github.com/etcd-io/raft/issues/166)",
	"raftkv/no-dedup":        "[MongoDB 4.2.6](https://jepsen.io/analyses/mongodb-4.2.6)",
	"raftkv/ack-before-sync": "[NATS 2.12.1](https://jepsen.io/analyses/nats-2.12.1)",
	"raftkv/volatile-vote":   "[camunda#5356](https://github.com/camunda/camunda/issues/5356), a vote forgotten",
	"raftkv/no-prefix-check": "[akka-raft#32](https://github.com/ktoso/akka-raft/issues/32)",
	"raftkv/stale-vote":      "[jgroups-raft#14](https://github.com/jgroups-extras/jgroups-raft/issues/14)",
	"raftkv/forget-sessions": "[Ongaro 2014, §6.3](https://github.com/ongardie/dissertation)",
	"raftkv/corrupt-entries": "[Alagappan et al. 2018](https://www.usenix.org/conference/fast18/presentation/alagappan)",
	"raftkv/no-pre-vote":     "[Cloudflare, 2020](https://blog.cloudflare.com/a-byzantine-failure-in-the-real-world/)",
	"raftkv/unsafe-members":  "[Ongaro 2014, §4.3](https://github.com/ongardie/dissertation) on why not; MongoDB before 4.4, as reported in [Schultz et al. 2021](https://arxiv.org/abs/2102.11960)",

	"primarykv/no-fencing":        "[Redis Sentinel, 2013](https://aphyr.com/posts/283-jepsen-redis)",
	"primarykv/promote-any":       "[Elasticsearch, 2014](https://aphyr.com/posts/317-jepsen-elasticsearch)",
	"primarykv/ack-before-backup": "[MySQL semi-sync](https://dev.mysql.com/doc/refman/8.4/en/replication-semisync.html) after its timeout",
	"primarykv/serve-after-lease": "[MongoDB, 2015](https://aphyr.com/posts/322-jepsen-mongodb-stale-reads)",
	"primarykv/rejoin-keeps-tail": "[Elasticsearch, 2014](https://aphyr.com/posts/317-jepsen-elasticsearch)",

	"registerkv/no-write-back":    "Dynamo, [DeCandia et al. 2007](https://www.allthingsdistributed.com/files/amazon-dynamo-sosp2007.pdf)",
	"registerkv/one-phase-writes": "[Attiya, Bar-Noy and Dolev 1995](https://doi.org/10.1145/200836.200869)",
	"registerkv/ack-before-sync":  "[NATS 2.12.1](https://jepsen.io/analyses/nats-2.12.1)",

	"percolator/blind-retry":       "[TiDB 2.1.7](https://jepsen.io/analyses/tidb-2.1.7)",
	"percolator/roll-back-live":    "[tikv#7364](https://github.com/tikv/tikv/issues/7364), records of rollbacks that are lost",
	"percolator/early-commit-time": "Peng and Dabek, Percolator (OSDI 2010), §2.2, on why not",
	"percolator/oracle-goes-back":  "[tikv/pd#4884](https://github.com/tikv/pd/issues/4884)",
	"percolator/async-below-reads": "[tikv#8589](https://github.com/tikv/tikv/issues/8589), on the timestamps of async commits",
	"percolator/skip-old-locks":    "compare [tikv#10570](https://github.com/tikv/tikv/issues/10570)",
	"percolator/forward-blindly":   "Peng and Dabek, Percolator (OSDI 2010), §2.2, on why not",

	"galera/certify-at-origin":  "[MariaDB Galera Cluster 12.1.2](https://jepsen.io/blog/2026-03-16-mariadb-galera-cluster-12.1.2), lost updates",
	"galera/ack-when-ordered":   "[MariaDB Galera Cluster 12.1.2](https://jepsen.io/blog/2026-03-16-mariadb-galera-cluster-12.1.2), stale reads",
	"galera/ack-before-sync":    "[MariaDB Galera Cluster 12.1.2](https://jepsen.io/blog/2026-03-16-mariadb-galera-cluster-12.1.2), commits lost in crashes",
	"galera/snapshot-at-commit": "[Kemme and Alonso 2000](https://doi.org/10.1145/363951.363955) on why not",

	"ssi/forget-readers":       "[PostgreSQL 12.3](https://jepsen.io/analyses/postgresql-12.3)",
	"ssi/no-read-only-locks":   "[Fekete, O'Neil and O'Neil 2004](https://doi.org/10.1145/1031570.1031573)",
	"ssi/lock-rows-only":       "[Eswaran et al. 1976](https://doi.org/10.1145/360363.360369) on why not",
	"ssi/visible-out-of-order": "[Amazon RDS for PostgreSQL 17.4](https://jepsen.io/analyses/amazon-rds-for-postgresql-17.4)",

	"quorumkv/drop-hints":         "[Cassandra](https://docs.datastax.com/en/cassandra/3.0/cassandra/operations/opsRepairNodesHintedHandoff.html) drops hints after three hours",
	"quorumkv/ack-before-sync":    "[NATS 2.12.1](https://jepsen.io/analyses/nats-2.12.1)",
	"quorumkv/reuse-dots":         "[riak_kv#679](https://github.com/basho/riak_kv/issues/679)",
	"quorumkv/plain-vectors":      "version vectors by server, [Preguiça et al. 2010](https://arxiv.org/abs/1011.5808)",
	"quorumkv/timeout-is-failure": "[Aerospike 3.99.0.3](https://jepsen.io/analyses/aerospike-3-99-0-3)",
	"quorumkv/reap-tombstones":    "the zombies of [Cassandra](https://cassandra.apache.org/doc/latest/cassandra/managing/operating/compaction/tombstones.html)",
	"quorumkv/coarse-ranges":      "[ScyllaDB, 2026](https://github.com/scylladb/scylladb/pull/31395)",

	"chainkv/dirty-reads":     "[VoltDB 6.3](https://aphyr.com/posts/331-jepsen-voltdb-6-3), dirty reads",
	"chainkv/no-lease":        "[MongoDB, 2015](https://aphyr.com/posts/322-jepsen-mongodb-stale-reads)",
	"chainkv/ack-before-tail": "[Redis Sentinel, 2013](https://aphyr.com/posts/283-jepsen-redis)",
	"chainkv/lose-pending":    "[Elasticsearch, 2014](https://aphyr.com/posts/317-jepsen-elasticsearch)",
	"chainkv/any-head":        "[Redis-Raft, 2020](https://jepsen.io/analyses/redis-raft-1b3fbf6), an empty node that leads",
	"chainkv/ack-before-sync": "[NATS 2.12.1](https://jepsen.io/analyses/nats-2.12.1)",

	"crdtkv/double-gossip":   "[Cassandra, 2013](https://aphyr.com/posts/294-jepsen-cassandra), counters that drift",
	"crdtkv/remove-wins":     "[akka#22668](https://github.com/akka/akka-core/pull/22668), merges of removes",
	"crdtkv/forget-removed":  "[riak_dt#78](https://github.com/basho/riak_dt/pull/78), deleted entries that stay",
	"crdtkv/reuse-ids":       "[riak_kv#679](https://github.com/basho/riak_kv/issues/679)",
	"crdtkv/skip-deltas":     "[akka#22188](https://github.com/akka/akka-core/issues/22188), deltas with holes",
	"crdtkv/ack-before-sync": "[NATS 2.12.1](https://jepsen.io/analyses/nats-2.12.1)",

	"twopc/forget-commit":    "[gpdb#12199](https://github.com/greenplum-db/gpdb/issues/12199), commits that a checkpoint overtook",
	"twopc/abort-after-yes":  "[MySQL 12161](https://bugs.mysql.com/bug.php?id=12161), prepared XA transactions rolled back",
	"twopc/unlock-early":     "early lock release, [DeWitt et al. 1984](https://doi.org/10.1145/602259.602261), without its dependency on the commit",
	"twopc/unlock-reads":     "degree 2 of [Gray et al. 1976](https://doi.org/10.1145/1282480.1282513)",
	"twopc/presume-too-soon": "[citus#1030](https://github.com/citusdata/citus/issues/1030), recovery during a prepare",
	"twopc/volatile-yes":     "[NATS 2.12.1](https://jepsen.io/analyses/nats-2.12.1)",
	"twopc/forget-locks":     "[citus#3780](https://github.com/citusdata/citus/issues/3780), reads before recovery",

	"calvin/two-sequencers":       "[VoltDB 6.3](https://aphyr.com/posts/331-jepsen-voltdb-6-3), two leaders; asynchronous replication of [Thomson et al. 2012](https://doi.org/10.1145/2213836.2213838), §3.1",
	"calvin/skip-entry":           "[etcd 3.5.0](https://github.com/etcd-io/etcd/issues/13766), entries that were taken to be applied",
	"calvin/local-reads":          "[FaunaDB 2.5.4](https://jepsen.io/analyses/faunadb-2.5.4), reads of older states than were asked for",
	"calvin/trust-reconnaissance": "the check of dependent transactions in [Thomson et al. 2012](https://doi.org/10.1145/2213836.2213838), §3.2.1",

	"psi/no-conflict-check": "[MariaDB Galera, 2015](https://aphyr.com/posts/327-jepsen-mariadb-galera-cluster), lost updates",
	"psi/drop-snapshots":    "what [COPS, 2011](https://doi.org/10.1145/2043556.2043593) has dependencies for",
	"psi/volatile-locks":    "a participant that forgets its vote, [Gray 1978](https://doi.org/10.1007/3-540-08755-9_9)",

	"hlc/no-uncertainty": "causal reverse, [CockroachDB](https://www.cockroachlabs.com/blog/living-without-atomic-clocks/)",
	"hlc/forget-reads":   "[CockroachDB beta-20160829](https://jepsen.io/analyses/cockroachdb-beta-20160829), writes below reads",
	"hlc/tight-offset":   "[CockroachDB](https://www.cockroachlabs.com/docs/stable/operational-faqs), clocks beyond the maximum offset",
	"hlc/skip-refresh":   "read refreshing of [CockroachDB](https://www.cockroachlabs.com/docs/stable/architecture/transaction-layer)",

	"retryclient/retry-unknown":      "[MongoDB 4.2.6](https://jepsen.io/analyses/mongodb-4.2.6)",
	"retryclient/unknown-is-failure": "[jepsen#596](https://github.com/jepsen-io/jepsen/issues/596)",

	"cdn/ignore-age":       "[guzzle/cache-subscriber#59](https://github.com/guzzle/cache-subscriber/issues/59)",
	"cdn/ignore-vary":      "[rustango#1251](https://github.com/ujeenet/rustango/issues/1251)",
	"cdn/store-private":    "[Steam, 2015](https://www.modernreaders.com/steampunkd-valve-explains-christmas-chaos-on-steam-website/36720/lorenzo-tanos)",
	"cdn/coalesce-private": "[ocache#61](https://github.com/unjs/ocache/issues/61)",
	"cdn/no-epoch":         "[varnish-cache#4082](https://github.com/varnishcache/varnish-cache/pull/4082)",

	"hraft/local-reads":    "[etcd and Consul, 2014](https://aphyr.com/posts/316-jepsen-etcd-and-consul)",
	"hraft/trust-state":    "[consul#54](https://github.com/hashicorp/consul/issues/54)",
	"hraft/no-barrier":     "[weaviate#12915](https://github.com/weaviate/weaviate/pull/12915)",
	"hraft/lost-is-failed": "[raft#561](https://github.com/hashicorp/raft/pull/561), what it means",
	"hraft/clock-in-apply": "[nomad#13725](https://github.com/hashicorp/nomad/pull/13725)",
	"hraft/restore-merges": "[jgroups-raft#301](https://github.com/jgroups-extras/jgroups-raft/issues/301)",

	"grpckv/retry-writes":   "[gRFC A6](https://github.com/grpc/proposal/blob/master/A6-client-retries.md), what may be retried",
	"grpckv/stale-replica":  "[etcd and Consul, 2014](https://aphyr.com/posts/316-jepsen-etcd-and-consul)",
	"grpckv/late-is-failed": "[Aerospike 3.99.0.3](https://jepsen.io/analyses/aerospike-3-99-0-3)",
	"grpckv/pooled-buffer":  "[yarpc-go#1416](https://github.com/yarpc/yarpc-go/pull/1416)",

	"ringkv/ring-of-members":   "[cortex#4931](https://github.com/cortexproject/cortex/issues/4931)",
	"ringkv/members-in-notify": "[memberlist#237](https://github.com/hashicorp/memberlist/issues/237)",

	"rediskv/retries":        "[go-redis#1121](https://github.com/redis/go-redis/pull/1121), retries after timeouts",
	"rediskv/get-then-set":   "[Redis on transactions](https://redis.io/docs/latest/develop/using-commands/transactions/)",
	"rediskv/late-is-failed": "[Aerospike 3.99.0.3](https://jepsen.io/analyses/aerospike-3-99-0-3)",

	"lease/outlived":            "[HBase, as told by Kleppmann 2016](https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html)",
	"cachekv/cache-aside":       "stale sets, [Nishtala et al. 2013](https://www.usenix.org/conference/nsdi13/technical-sessions/presentation/nishtala), §3.2.1",
	"localcache/late-fill":      "stale sets, [Nishtala et al. 2013](https://www.usenix.org/conference/nsdi13/technical-sessions/presentation/nishtala), §3.2.1",
	"cachekv/load-from-replica": "[Nishtala et al. 2013](https://www.usenix.org/conference/nsdi13/technical-sessions/presentation/nishtala), §5, on remote markers",
}
