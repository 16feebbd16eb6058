package raftkv

import "math/bits"

// The most that [node.Abstract] distinguishes, in powers of two.
const (
	mostUnapplied = 4
	mostWaiting   = 3
)

// Abstract says in which state the node is: how many entries of its log are not applied, how many writes wait, how many members it knows of, whether they are
// being changed, and whether it has a snapshot. Its role and term are shown by the host..
func (n *node) Abstract() uint64 {
	last, err := n.log.mem.LastIndex()
	must(err)
	state := uint64(min(bits.Len64(last-min(last, n.applied)), mostUnapplied))
	state = state<<3 | uint64(min(bits.Len(uint(len(n.waiting))), mostWaiting))
	state = state<<8 | uint64(len(n.log.conf.GetVoters()))
	state = state<<8 | uint64(len(n.log.conf.GetVotersOutgoing()))
	state <<= 1
	if n.log.snapshotIndex > 1 {
		state |= 1
	}
	return state
}
