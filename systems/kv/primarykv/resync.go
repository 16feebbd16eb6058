package primarykv

// An image is the state of the primary, for a backup that is too far behind, that
// has nothing in common with it, or that lost its log.
type image struct {
	batch
	data   []byte
	rescue bool
}

// A recoveryRequest requests one. A node whose disk lost what it had acknowledged supports
// no primary until it has it back: a write that was committed with its help might be
// lost with its support. Compare Alagappan et al. 2018, "Protocol-Aware Recovery".
type recoveryRequest struct{ epoch uint64 }

// recoveryTicks is how long such a node waits before a request: until what it sent in
// its last life has arrived.
const recoveryTicks = 20

func (n *node) requestRecovery() {
	if n.ticks%recoveryTicks == 0 {
		n.others(func(i int) { n.h.Send(n.names[i], &recoveryRequest{n.log.epoch}) })
	}
}

// answerRecovery sends the state, if the primary has applied all that the other had.
func (n *node) answerRecovery(from string, p *recoveryRequest) {
	i := n.idOf(from)
	if n.log.lost || !n.leads() || !n.leased() || n.log.epoch < p.epoch || n.match[i] > n.applied || n.applied < n.began {
		return
	}
	n.compact()
	n.match[i], n.next[i] = 0, n.log.base.Index+1
	m := n.image(i)
	m.rescue = true
	n.h.Send(from, m)
}

func (n *node) image(i int) *image {
	return &image{batch{epoch: n.log.epoch, sent: n.now(), have: n.match[i], prev: n.log.base}, n.log.snapshot, false}
}

func (n *node) sendImage(i int) { n.h.Send(n.names[i], n.image(i)) }

// install makes an image the node's state.
func (n *node) install(from string, m *image) {
	if n.log.lost && !m.rescue || m.rescue && !n.log.lost || !n.heeds(from, m.epoch) {
		return
	}
	have, ok := n.log.at(m.prev.Index)
	agreed := n.store.agrees(len(n.names)) && m.prev.Index <= n.applied
	if n.log.lost || !agreed && (!ok || have != m.prev) {
		kv, err := restore(m.data)
		must(err)
		n.log.reset(m.prev, m.data)
		n.kv, n.commit, n.applied = kv, m.prev.Index, m.prev.Index
	}
	n.h.Send(from, &ack{epoch: m.epoch, sent: m.sent, ok: true, prev: m.prev.Index, index: m.prev.Index})
}
