package quorumkv

import "math/bits"

// mostHints is the most that [node.Abstract] distinguishes of what a node keeps for others, in powers of two.
const mostHints = 4

// Abstract says in which state the node is: how many nodes are dead in its eyes, how many objects it keeps for others, and whether it waits for
// answers.
func (n *node) Abstract() uint64 {
	dead := uint64(0)
	for _, d := range n.dead {
		if d {
			dead++
		}
	}
	state := dead<<4 | uint64(min(bits.Len(uint(len(n.log.hints))), mostHints))
	state <<= 1
	if len(n.rounds) > 0 {
		state |= 1
	}
	return state
}
