package quorumkv

import "time"

// silence is for how long a node may leave pings unanswered before it is believed dead. A
// ping goes out with every beat.
const silence = 4 * beat

type (
	ping struct{}
	pong struct{}
)

// Pings are a failure detector that takes a node for dead which does not answer. An answer proves
// that both directions work: if only one does, each takes the other for dead.
type pings struct {
	n     *node
	heard []time.Duration // when each answered last, by this node's own count
	dead  []bool
}

func (p *pings) start() {
	p.heard = make([]time.Duration, len(p.n.names))
	p.dead = make([]bool, len(p.n.names))
	for i := range p.heard {
		p.answered(i)
	}
}

func (p *pings) answered(from int) { p.heard[from] = p.n.h.Clock().Monotonic() }

// look updates which nodes count as dead, and sends the next pings.
func (p *pings) look() []bool {
	now := p.n.h.Clock().Monotonic()
	for i := range p.n.names {
		if i != p.n.self {
			p.dead[i] = now-p.heard[i] > silence
			p.n.send(i, ping{})
		}
	}
	return p.dead
}
