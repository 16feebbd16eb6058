package quorumlog

import (
	"math"
	"slices"
	"time"
)

// A lead is what a leader knows of its followers.
type lead struct {
	began   uint64          // the index with which its epoch began
	next    []uint64        // what to send each
	match   []uint64        // what each has
	heardAt []time.Duration // when the last message was sent that each has answered
	since   time.Duration   // when the node was elected

	times   []time.Duration // heardAt, sorted; kept for its memory
	indexes []uint64        // match, sorted; likewise
}

// A batch is a part of the log. An empty one is a heartbeat, which only requests support.
type batch[C any] struct {
	log     string
	epoch   uint64
	sent    time.Duration // by the clock of the leader
	have    uint64        // what the follower is known to have
	prev    place
	entries []entry[C]
	commit  uint64
}

// An ack answers it: what the follower has, or where the leader should go back to.
type ack struct {
	log   string
	epoch uint64
	sent  time.Duration
	ok    bool
	prev  uint64
	index uint64
}

func (b *batch[C]) Log() string { return b.log }
func (a *ack) Log() string      { return a.log }

// maxBatch is how many entries a message bears at most.
const maxBatch = 64

// never is before all times.
const never = time.Duration(math.MinInt64 / 2)

// promote makes the node the leader of its epoch, which begins with an entry of its own.
func (l *Log[C]) promote() {
	l.leader = l.h.Name()
	l.lead = lead{began: l.disk.last().Index + 1, since: l.now()}
	for range l.nodes {
		l.next = append(l.next, l.began)
		l.match = append(l.match, 0)
		l.heardAt = append(l.heardAt, never)
	}
	l.write(nil)
}

// write appends to the log and sends it on.
func (l *Log[C]) write(command *C) {
	l.disk.append(l.disk.last().Index+1, []entry[C]{{l.disk.epoch, command}})
	l.match[l.id] = l.disk.last().Index
	l.others(l.send)
	l.advance()
}

// leaderTick is a leader's tick. One that no majority supports any more resigns.
func (l *Log[C]) leaderTick() {
	if l.ticks%beatTicks == 0 {
		l.others(l.send)
	}
	l.advance()
	if l.now()-max(l.supported(), l.since) > term {
		l.follow("")
		l.wait()
	}
}

// supported returns when the last message was sent that a majority has answered.
func (l *Log[C]) supported() time.Duration {
	l.times = append(l.times[:0], l.heardAt...)
	l.times[l.id] = l.now()
	slices.Sort(l.times)
	return l.times[len(l.times)-l.majority()]
}

// holds reports whether a majority supports this leader and no other.
func (l *Log[C]) holds() bool { return l.now()-l.supported() < lease }

// send sends a follower what it lacks, or the whole state if the log begins later.
func (l *Log[C]) send(i int) {
	if l.next[i] <= l.disk.base.Index {
		l.h.Send(l.nodes[i], l.image(i))
		return
	}
	prev, _ := l.disk.at(l.next[i] - 1)
	from := l.disk.entries[prev.Index-l.disk.base.Index:]
	count := min(len(from), maxBatch)
	l.h.Send(l.nodes[i], &batch[C]{
		log: l.name, epoch: l.disk.epoch, sent: l.now(), have: l.match[i], prev: prev, entries: from[:count:count], commit: l.commit,
	})
}

// heeds reports whether a follower accepts messages of a leader of an epoch, and follows it then.
func (l *Log[C]) heeds(from string, epoch uint64) bool {
	if epoch < l.disk.epoch {
		// The answer bears the later epoch, so that the other learns of it.
		l.h.Send(from, &ack{log: l.name, epoch: l.disk.epoch, sent: never})
		return false
	}
	if epoch > l.disk.epoch {
		l.disk.saveEpoch(epoch, "")
	}
	if l.leader != from {
		l.follow(from)
	}
	l.hold()
	return true
}

// take appends what the leader sent to the log, if it fits there.
func (l *Log[C]) take(from string, b *batch[C]) {
	if !l.heeds(from, b.epoch) {
		return
	}
	if b.have > l.disk.last().Index && !l.options.Lazy {
		l.disk.lose() // it acknowledged what it does not have: the disk lied
		return
	}
	answer := ack{log: l.name, epoch: b.epoch, sent: b.sent, prev: b.prev.Index}
	if index, ok := l.fit(b); ok {
		l.takeEntries(index, b.entries[index-b.prev.Index:])
		answer.ok, answer.index = true, b.prev.Index+uint64(len(b.entries))
		l.commit = max(l.commit, min(b.commit, answer.index))
		l.apply()
	} else if b.prev.Index > l.disk.base.Index {
		answer.index = min(b.prev.Index-1, l.disk.last().Index)
	}
	l.h.Send(from, &answer)
}

// fit returns the index behind which the entries of a batch can be taken.
func (l *Log[C]) fit(b *batch[C]) (index uint64, ok bool) {
	end, base := b.prev.Index+uint64(len(b.entries)), l.disk.base.Index
	if b.prev.Index < base {
		return min(end, base), !l.options.Lazy // what a snapshot holds is agreed on
	}
	p, ok := l.disk.at(b.prev.Index)
	return b.prev.Index, ok && p == b.prev
}

// takeEntries appends those behind index that the log does not have. What it has instead was never committed, or by a leader that
// promised too much: then the state is made anew from the snapshot.
func (l *Log[C]) takeEntries(index uint64, entries []entry[C]) {
	for i, e := range entries {
		at := index + uint64(i) + 1
		if at <= l.disk.base.Index {
			continue
		}
		if p, ok := l.disk.at(at); ok && p.Epoch == e.Epoch {
			continue
		}
		l.disk.append(at, entries[i:])
		l.mustGet = min(l.mustGet, l.disk.last().Index)
		if at <= l.applied {
			l.rewind(at - 1)
		}
		return
	}
}

// rewind takes back all that was applied behind index.
func (l *Log[C]) rewind(index uint64) {
	must(l.machine.Restore(l.disk.snapshot))
	l.applied, l.commit = l.disk.base.Index, index
	l.apply()
}

// acked notes what a follower has.
func (l *Log[C]) acked(from string, a *ack) {
	if a.epoch > l.disk.epoch {
		l.disk.saveEpoch(a.epoch, "")
		l.follow("")
		l.wait()
		return
	}
	if !l.Leads() || a.epoch != l.disk.epoch || a.sent == never {
		return
	}
	i := l.idOf(from)
	l.heardAt[i] = max(l.heardAt[i], a.sent)
	switch {
	case a.ok:
		grown := a.index >= l.next[i]
		l.match[i], l.next[i] = max(l.match[i], a.index), max(l.next[i], a.index+1)
		if grown && a.index < l.disk.last().Index {
			l.send(i)
		}
		l.advance()
	case a.prev == l.next[i]-1 && a.index < a.prev:
		l.next[i] = a.index + 1
		if l.next[i] == 1 { // nothing in common: all of the state
			l.compact()
		}
		l.send(i)
	}
}

// advance commits what a majority has, if this epoch wrote it: what an earlier one wrote counts when something of this one stands
// behind (Ongaro 2014, §3.6.2).
func (l *Log[C]) advance() {
	l.indexes = append(l.indexes[:0], l.match...)
	slices.Sort(l.indexes)
	if c := l.indexes[len(l.indexes)-l.majority()]; c > l.commit && c >= l.began {
		l.commit = c
		l.apply()
		if l.options.Announce {
			l.others(l.send)
		}
	}
}
