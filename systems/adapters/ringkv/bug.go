package ringkv

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// RingOfMembers makes the ring of the nodes that memberlist takes for alive: both sides of a partition have an owner of
	// each key, and so have two nodes of which one has heard of a death and the other has not. https://github.com/cortexproject/cortex/issues/4931
	RingOfMembers Bug = 1 << iota

	// GossipInvalidation has nodes keep what they pass on, until a broadcast of memberlist says that it was written. Broadcasts are
	// sent a few times, to nodes drawn at random, some hundred milliseconds later.
	GossipInvalidation

	// MembersInNotify has the delegate ask for the members when one joins or leaves. Memberlist calls its delegate with its lock
	// held, so that goroutine waits for itself, and then all that ask for the members wait for it.
	// https://github.com/hashicorp/memberlist/issues/237
	MembersInNotify
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("ringkv",
	bugset.Of(RingOfMembers, "ring-of-members", "the owner of a key is one of those that memberlist takes for alive"),
	bugset.Of(GossipInvalidation, "gossip-invalidation", "nodes keep what they pass on until a broadcast says that it was written"),
	bugset.Of(MembersInNotify, "members-in-notify", "the delegate asks for the members, and waits for itself"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
