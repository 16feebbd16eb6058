package calvin

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// TwoSequencers has a sequencer carry out and answer transactions before a majority has them in its log, and go on when it
	// hears from no other node: after a failover there are two of them, and one loses what it answered. Calvin's paper offers
	// asynchronous replication, and says what trouble it makes at failover (Thomson et al. 2012, §3.1). VoltDB 6.3, which orders
	// transactions in the same way, served and lost writes on the wrong side of a partition.
	// https://cs.yale.edu/homes/thomson/publications/calvin-sigmod12.pdf
	// https://aphyr.com/posts/331-jepsen-voltdb-6-3
	TwoSequencers Bug = 1 << iota

	// SkipEntry has a replica that starts from a snapshot go on one entry too late on one shard: the entry behind the snapshot is
	// carried out by the other shards alone. etcd 3.5.0 to 3.5.2 could note after a crash that an entry was applied which was not,
	// and its members disagreed from then on.
	// https://github.com/etcd-io/etcd/issues/13766
	SkipEntry

	// LocalReads has a replica answer transactions that only read from what it has carried out so far, without a place in the log.
	// Temporal queries of FaunaDB 2.5.4, a store after Calvin, saw older states than they had asked for.
	// https://jepsen.io/analyses/faunadb-2.5.4
	LocalReads

	// TrustReconnaissance has replicas carry out a transaction on the shards that were right when it was put into the log, and not
	// check them again. Thomson et al. 2012, §3.2.1, have such dependent transactions
	// checked, and begun again.
	// https://cs.yale.edu/homes/thomson/publications/calvin-sigmod12.pdf
	TrustReconnaissance
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("calvin",
	bugset.Of(TwoSequencers, "two-sequencers", "a sequencer answers before a majority has the transaction, and goes on after it was replaced"),
	bugset.Of(SkipEntry, "skip-entry", "a replica that starts from a snapshot skips one entry of the log on one shard"),
	bugset.Of(LocalReads, "local-reads", "transactions that only read are answered by a replica before it has applied the log"),
	bugset.Of(TrustReconnaissance, "trust-reconnaissance", "replicas do not check again which shards a transaction needs"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
