package quorumlog

// An image is the state of the leader, for a follower that is too far behind, that has nothing in common with it, or that lost its
// log.
type image[C any] struct {
	batch[C]
	data   []byte
	rescue bool
}

// A recoveryRequest requests one. A node whose disk lost what it had acknowledged supports no leader until it has it back: an entry
// that was committed with its help might be lost with its support.
type recoveryRequest struct {
	log   string
	epoch uint64
}

func (r *recoveryRequest) Log() string { return r.log }

// recoveryTicks is how long such a node waits before a request: until what it sent in its last life has arrived.
const recoveryTicks = 20

func (l *Log[C]) requestRecovery() {
	if l.ticks%recoveryTicks == 0 {
		l.others(func(i int) { l.h.Send(l.nodes[i], &recoveryRequest{l.name, l.disk.epoch}) })
	}
}

// answerRecovery sends the state, if the leader has applied all that the other had.
func (l *Log[C]) answerRecovery(from string, r *recoveryRequest) {
	i := l.idOf(from)
	if l.disk.lost || !l.Serves() || l.disk.epoch < r.epoch || l.match[i] > l.applied {
		return
	}
	l.compact()
	l.match[i], l.next[i] = 0, l.disk.base.Index+1
	m := l.image(i)
	m.rescue = true
	l.h.Send(from, m)
}

func (l *Log[C]) image(i int) *image[C] {
	return &image[C]{
		batch: batch[C]{log: l.name, epoch: l.disk.epoch, sent: l.now(), have: l.match[i], prev: l.disk.base},
		data:  l.disk.snapshot,
	}
}

// install makes an image the node's state.
func (l *Log[C]) install(from string, m *image[C]) {
	if l.disk.lost && !m.rescue || m.rescue && !l.disk.lost || !l.heeds(from, m.epoch) {
		return
	}
	have, ok := l.disk.at(m.prev.Index)
	agreed := !l.options.Lazy && m.prev.Index <= l.applied
	if l.disk.lost || !agreed && (!ok || have != m.prev) {
		must(l.machine.Restore(m.data))
		l.disk.reset(m.prev, m.data)
		l.commit, l.applied, l.mustGet = m.prev.Index, m.prev.Index, m.prev.Index
	}
	l.h.Send(from, &ack{log: l.name, epoch: m.epoch, sent: m.sent, ok: true, prev: m.prev.Index, index: m.prev.Index})
}
