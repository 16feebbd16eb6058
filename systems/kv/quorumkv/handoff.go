package quorumkv

// A handoff gives a home what another node has kept for it, and handed says that it is on
// the home's disk.
type (
	handoff struct {
		key    string
		object object
	}
	handed struct {
		key    string
		object object
	}
)

// handoffs is how many a node sends a home at a time.
const handoffs = 32

// handOver sends the homes that are alive what this node has kept for them, again and again
// until they have it.
func (n *node) handOver() {
	sent := map[int]int{}
	for _, h := range n.log.pending() {
		if n.dead[h.home] || sent[h.home] == handoffs {
			continue
		}
		sent[h.home]++
		n.send(h.home, &handoff{h.key, n.log.hints[h]})
	}
}
