package primarykv

import (
	"math"
	"slices"
	"time"
)

// A lead is what a primary knows of its backups.
type lead struct {
	began   uint64          // the index with which its epoch began
	next    []uint64        // what to send each
	match   []uint64        // what each has
	heardAt []time.Duration // when the last message was sent that each has answered
	since   time.Duration   // when the node was promoted
	waits   time.Duration   // since when something waits for backups
	alone   bool            // it commits without backups

	times   []time.Duration // heardAt, sorted; kept for its memory
	indexes []uint64        // match, sorted; likewise
}

// A batch is a part of the log. An empty one is a heartbeat, which only requests support.
type batch struct {
	epoch   uint64
	sent    time.Duration // by the clock of the primary
	have    uint64        // what the backup is known to have
	prev    place
	entries []entry
	commit  uint64
}

// An ack answers it: what the backup has, or where the primary should go back to.
type ack struct {
	epoch uint64
	sent  time.Duration
	ok    bool
	prev  uint64
	index uint64
}

// maxBatch is how many entries a message bears at most.
const maxBatch = 64

// never is before all times.
const never = time.Duration(math.MinInt64 / 2)

// promote makes the node the primary of its epoch, which begins with an entry.
func (n *node) promote() {
	n.primary = n.h.Name()
	n.lead = lead{began: n.log.last().Index + 1, since: n.now(), waits: n.now()}
	for range n.names {
		n.next = append(n.next, n.began)
		n.match = append(n.match, 0)
		n.heardAt = append(n.heardAt, never)
	}
	n.h.SetTerm(n.log.epoch)
	n.h.SetRole("primary")
	n.write(write{})
}

// write appends to the log and sends it on.
func (n *node) write(w write) {
	n.log.append(n.log.last().Index+1, []entry{{n.log.epoch, w}})
	n.match[n.id] = n.log.last().Index
	n.others(n.send)
	n.advance()
}

// primaryTick is a primary's tick.
func (n *node) primaryTick() {
	if n.ticks%beatTicks == 0 {
		n.others(n.send)
	}
	n.advance()
	stays := n.store.Failover == Fixed || n.members != nil || n.bug(NoFencing|ServeAfterLease)
	if !stays && n.now()-max(n.supported(), n.since) > term {
		n.follow("")
		n.wait()
	}
}

// supported returns when the last message was sent that a majority has answered.
func (n *node) supported() time.Duration {
	n.times = append(n.times[:0], n.heardAt...)
	n.times[n.id] = n.now()
	slices.Sort(n.times)
	return n.times[len(n.times)-n.majority()]
}

// holds reports whether a majority supports this primary and no other.
func (n *node) holds() bool { return n.now()-n.supported() < lease }

// leased reports whether the primary may serve.
func (n *node) leased() bool {
	return n.holds() || n.store.Failover == Fixed || n.members != nil || n.bug(NoFencing)
}

// send sends a backup what it lacks, or the whole state if the log begins later.
func (n *node) send(i int) {
	if n.next[i] <= n.log.base.Index {
		n.sendImage(i)
		return
	}
	prev, _ := n.log.at(n.next[i] - 1)
	from := n.log.entries[prev.Index-n.log.base.Index:]
	count := min(len(from), maxBatch)
	n.h.Send(n.names[i], &batch{
		epoch: n.log.epoch, sent: n.now(), have: n.match[i], prev: prev, entries: from[:count:count], commit: n.commit,
	})
}

// heeds reports whether a backup accepts messages of a primary of an epoch, and follows it then.
func (n *node) heeds(from string, epoch uint64) bool {
	if epoch < n.log.epoch && (n.leads() || !n.bug(NoFencing)) {
		// The answer bears the later epoch, so that the other learns of it.
		n.h.Send(from, &ack{epoch: n.log.epoch, sent: never})
		return false
	}
	if epoch > n.log.epoch {
		n.log.saveEpoch(epoch, "")
	}
	if n.primary != from {
		n.follow(from)
	}
	n.hold()
	return true
}

// take appends what the primary sent to the log, if it fits there.
func (n *node) take(from string, b *batch) {
	if !n.heeds(from, b.epoch) {
		return
	}
	if b.have > n.log.last().Index && n.store.agrees(len(n.names)) && !n.bug(NoFencing) {
		n.log.lose() // it acknowledged what it does not have: the disk lied
		return
	}
	answer := ack{epoch: b.epoch, sent: b.sent, prev: b.prev.Index}
	if p, ok := n.fit(b); ok {
		n.takeEntries(p, b.entries[p-b.prev.Index:])
		answer.ok, answer.index = true, b.prev.Index+uint64(len(b.entries))
		n.commit = max(n.commit, min(b.commit, answer.index))
		n.apply()
	} else if b.prev.Index > n.log.base.Index {
		answer.index = min(b.prev.Index-1, n.log.last().Index)
	}
	n.h.Send(from, &answer)
}

// fit returns the index behind which the entries of a batch can be taken.
func (n *node) fit(b *batch) (index uint64, ok bool) {
	end, base := b.prev.Index+uint64(len(b.entries)), n.log.base.Index
	if b.prev.Index < base {
		return min(end, base), n.store.agrees(len(n.names)) // what a snapshot holds is agreed on
	}
	p, ok := n.log.at(b.prev.Index)
	return b.prev.Index, ok && (p == b.prev || n.bug(RejoinKeepsTail))
}

// takeEntries appends those behind index that the log does not have. What it has
// instead was never committed, or by a primary that promised too much: then the
// state is made anew from the snapshot.
func (n *node) takeEntries(index uint64, entries []entry) {
	for i, e := range entries {
		at := index + uint64(i) + 1
		if at <= n.log.base.Index {
			continue
		}
		if p, ok := n.log.at(at); ok && (p.Epoch == e.Epoch || n.bug(RejoinKeepsTail)) {
			continue
		}
		n.log.append(at, entries[i:])
		if at <= n.applied {
			n.rewind(at - 1)
		}
		return
	}
}

// rewind takes back all that was applied behind index.
func (n *node) rewind(index uint64) {
	kv, err := restore(n.log.snapshot)
	must(err)
	n.kv, n.applied, n.commit = kv, n.log.base.Index, index
	n.apply()
}

// acked notes what a backup has.
func (n *node) acked(from string, a *ack) {
	if a.epoch > n.log.epoch && !n.bug(NoFencing) {
		n.log.saveEpoch(a.epoch, "")
		n.follow("")
		n.wait()
		return
	}
	if !n.leads() || a.epoch != n.log.epoch || a.sent == never {
		return
	}
	i := n.idOf(from)
	n.heardAt[i] = max(n.heardAt[i], a.sent)
	switch {
	case a.ok:
		grown := a.index >= n.next[i]
		n.match[i], n.next[i] = max(n.match[i], a.index), max(n.next[i], a.index+1)
		if grown && a.index < n.log.last().Index {
			n.send(i)
		}
		n.advance()
	case a.prev == n.next[i]-1 && a.index < a.prev:
		n.next[i] = a.index + 1
		if n.next[i] == 1 { // nothing in common: all of the state
			n.compact()
		}
		n.send(i)
	}
}

// advance commits what enough nodes have, if this epoch wrote it: what an earlier
// one wrote counts when something of this one stands behind (Ongaro 2014, §3.6.2).
func (n *node) advance() {
	n.indexes = append(n.indexes[:0], n.match...)
	match := n.indexes
	slices.Sort(match)
	need := n.store.need(len(n.names))
	if match[len(match)-need] == n.log.last().Index {
		n.alone, n.waits = false, n.now()
	} else if n.store.Replication == SemiSync && n.store.Degrade > 0 && n.now()-n.waits > n.store.Degrade {
		n.alone = true
	}
	if n.alone {
		need = 1
	}
	if c := match[len(match)-need]; c > n.commit && c >= n.began {
		n.commit = c
		n.apply()
	}
}
