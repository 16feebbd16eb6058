package raftkv

import (
	"fmt"
	"strings"
)

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// LocalReads has each node answer reads from its own state without asking
	// anybody: etcd and Consul did so in 2014.
	// https://aphyr.com/posts/316-jepsen-etcd-and-consul
	LocalReads Bug = 1 << iota

	// LeaseReads has the leader answer reads without a round trip for as long as
	// it believes in its lease, which the library measures in its own ticks: a
	// leader that was cut off can believe longer than the others wait.
	// https://github.com/etcd-io/raft/issues/166
	LeaseReads

	// NoDedup applies a retried request again.
	// https://jepsen.io/analyses/mongodb-4.2.6
	NoDedup

	// AckBeforeSync acknowledges entries and votes that are not yet on the disk,
	// and syncs once a second.
	// https://jepsen.io/analyses/nats-2.12.1
	AckBeforeSync

	// ForgottenVote keeps term and vote in memory alone, so that a node that
	// crashed goes back to an older term, and may vote in it again.
	// https://github.com/camunda/camunda/issues/5356
	ForgottenVote

	// NoPrefixCheck has a follower take the entries that it has for the leader's. It
	// appends without a look at the one before, and commits what it has when the
	// leader is committed that far.
	// https://github.com/atomix/copycat/issues/265
	NoPrefixCheck

	// StaleVote grants a vote to a candidate that lacks entries.
	// https://github.com/ktoso/akka-raft/issues/51
	StaleVote

	// ForgottenSessions leaves out of the snapshots which requests were applied.
	// https://github.com/RedisLabs/redisraft/pull/568
	ForgottenSessions

	// NoPreVote has a node stand for election without asking first whether it
	// could win, and followers listen to it while they have a leader. A node that
	// sends and does not receive then deposes one leader after the other.
	// https://blog.cloudflare.com/a-byzantine-failure-in-the-real-world/
	NoPreVote
)

var bugs = []struct {
	bug  Bug
	name string
	doc  string
}{
	{LocalReads, "local-reads", "every node answers reads from its own state"},
	{LeaseReads, "lease-reads", "the leader answers reads by a lease that outlives its leadership"},
	{NoDedup, "no-dedup", "a request that a client sent again is applied again"},
	{AckBeforeSync, "ack-before-sync", "entries are acknowledged before they are on the disk"},
	{ForgottenVote, "forgotten-vote", "term and vote do not outlive a crash"},
	{NoPrefixCheck, "no-prefix-check", "a follower appends to its log, and commits it, without a look at whether it is the leader's"},
	{StaleVote, "stale-vote", "a node votes for a candidate that lacks entries"},
	{ForgottenSessions, "forgotten-sessions", "snapshots leave out which requests were applied"},
	{NoPreVote, "no-pre-vote", "a node that can't win an election stands for it, and deposes the leader"},
}

// BugNames lists the bugs by name, with what each does.
func BugNames() (names, docs []string) {
	for _, b := range bugs {
		names, docs = append(names, b.name), append(docs, b.doc)
	}
	return names, docs
}

// ParseBug returns the bugs of a comma-separated list of names.
func ParseBug(list string) (Bug, error) {
	var all Bug
	for name := range strings.SplitSeq(list, ",") {
		if name == "" || name == "none" {
			continue
		}
		bug, err := parseOne(name)
		if err != nil {
			return 0, err
		}
		all |= bug
	}
	return all, nil
}

func parseOne(name string) (Bug, error) {
	for _, b := range bugs {
		if b.name == name {
			return b.bug, nil
		}
	}
	names, _ := BugNames()
	return 0, fmt.Errorf("raftkv has no bug %q; it has %s", name, strings.Join(names, ", "))
}

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string {
	var names []string
	for _, x := range bugs {
		if b&x.bug != 0 {
			names = append(names, x.name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ",")
}
