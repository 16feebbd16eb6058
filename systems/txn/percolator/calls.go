package percolator

import (
	"slices"

	"github.com/capsize-go/capsize/systems/txn/internal/quorumlog"
)

// An ask is what a node asks the leader of a shard or of the oracle. All that is asked may be repeated.
type ask struct {
	id   uint64
	part int
	body any // *command, *read or *timestamp
}

// A read asks for the value of a key in a snapshot.
type read struct {
	key  string
	time uint64
}

// A timestamp asks for one that is newer than all that were given out before.
type timestamp struct{}

// A reply answers an ask.
type reply struct {
	id     uint64
	to     any    // what was asked
	answer answer // of a command; of a read, the lock that it met, if its fate is locked
	value  value  // of a read
	time   uint64 // of a timestamp
}

// A call is an ask that waits for its reply.
type call struct {
	ask        *ask
	begun, end int // ticks
	done       func(*reply)
}

// call asks the leader of a part, again and again until there is an answer or the time of a transaction is over.
func (n *node) call(part int, body any, done func(*reply)) {
	n.lastID++
	c := &call{&ask{n.lastID, part, body}, n.ticks, n.ticks + patience, done}
	n.calls[n.lastID] = c
	n.order = append(n.order, n.lastID)
	n.send(c)
}

func (n *node) send(c *call) {
	if leader := n.parts[c.ask.part].log.Leader(); leader != "" {
		n.h.Send(leader, c.ask)
	}
}

func (n *node) cancel(id uint64) {
	delete(n.calls, id)
	n.order = slices.DeleteFunc(n.order, func(other uint64) bool { return other == id })
}

// command has the shard of a key carry out a command.
func (n *node) command(key string, c *command, done func(answer)) {
	n.call(n.store.shardOf(key), c, func(r *reply) {
		if done != nil {
			done(r.answer)
		}
	})
}

// serve answers as the leader of a part. One that is not does nothing: the other asks again.
func (n *node) serve(from string, a *ask) {
	p := n.parts[a.part]
	if !p.log.Serves() {
		return
	}
	switch body := a.body.(type) {
	case *timestamp:
		n.clock.give(n, func(t uint64) { n.h.Send(from, &reply{id: a.id, to: body, time: t}) })
	case *read:
		n.read(from, a.id, p, body)
	case *command:
		if body.MinCommit > 0 {
			body = n.afterReads(p, body)
		}
		if body != nil {
			n.propose(p, body, func(result answer) { n.h.Send(from, &reply{id: a.id, to: body, answer: result}) })
		}
	}
}

// propose has a command carried out. If the node stops leading meanwhile there is no answer, and who asked asks the next.
func (n *node) propose(p *part, c *command, done func(answer)) {
	if c.Kind == check && (p.state.age(c.Key) > lifetime || n.store.bug(RollBackLive)) && !c.Expired {
		again := *c
		again.Expired = true
		c = &again
	}
	p.log.Propose(c, func(a any, applied bool) {
		if c.MinCommit > 0 {
			p.proposed(c)
		}
		if applied && done != nil {
			done(a.(answer))
		}
	})
}

// read answers a read from what is applied, unless a lock may hide a version that the snapshot has.
func (n *node) read(from string, id uint64, p *part, r *read) {
	p.maxRead = max(p.maxRead, r.time)
	rp := &reply{id: id, to: r}
	state := p.state.rows[r.key]
	switch {
	case p.mayLock(r.key, r.time):
		rp.answer = answer{fate: locked, key: r.key}
	case state == nil:
	case state.Lock != nil && state.Lock.Start <= r.time && !n.skips(p, r.key, r.time):
		rp.answer = answer{fate: locked, key: r.key, lock: state.Lock}
	default:
		rp.value = state.at(r.time)
	}
	n.h.Send(from, rp)
}

// skips reports whether a read may look behind a lock, since its transaction will commit later than the snapshot.
func (n *node) skips(p *part, key string, time uint64) bool {
	if n.store.bug(SkipOldLocks) && p.state.age(key) > old {
		return true
	}
	return p.state.rows[key].Lock.MinCommit > time
}

// afterReads returns an async prewrite with a timestamp that is after all snapshots that were read at this leader, and at those
// before it: none if that is not known yet. Until the lock is in the log, reads must wait for it all the same.
func (n *node) afterReads(p *part, c *command) *command {
	if p.maxEpoch != p.log.Epoch() && !n.store.bug(AsyncBelowReads) {
		epoch := p.log.Epoch()
		n.call(0, &timestamp{}, func(r *reply) {
			if p.log.Epoch() == epoch {
				p.maxEpoch, p.maxRead = epoch, max(p.maxRead, r.time)
			}
		})
		return nil
	}
	again := *c
	if !n.store.bug(AsyncBelowReads) {
		again.MinCommit = max(c.MinCommit, p.maxRead+1)
	}
	p.proposes(c)
	return &again
}

// proposes has reads wait for the locks of an async prewrite until they are in the log.
func (p *part) proposes(c *command) {
	for _, w := range c.Writes {
		p.proposing[w.Key] = append(p.proposing[w.Key], c.Start)
	}
}

// mayLock reports whether a lock that a snapshot must not look behind is on its way into the log. Several may be: the first of them that
// gets there keeps the others out, and which one that is, is not known yet.
func (p *part) mayLock(key string, snapshot uint64) bool {
	return slices.ContainsFunc(p.proposing[key], func(start uint64) bool { return start <= snapshot })
}

// proposed ends the waiting of reads for a lock that is in the log now, or will be one of another leader.
func (p *part) proposed(c *command) {
	for _, w := range c.Writes {
		if i := slices.Index(p.proposing[w.Key], c.Start); i >= 0 {
			p.proposing[w.Key] = slices.Delete(p.proposing[w.Key], i, i+1)
		}
		if len(p.proposing[w.Key]) == 0 {
			delete(p.proposing, w.Key)
		}
	}
}

// An oracle gives out timestamps while its node leads that log.
type oracle struct {
	epoch   uint64 // the one in which next is known
	next    uint64
	asked   bool // for a new bound
	waiting []func(uint64)
}

// give gives out a timestamp, at once or when there is a new bound.
func (o *oracle) give(n *node, to func(uint64)) {
	p := n.parts[0]
	if o.epoch != p.log.Epoch() {
		*o = oracle{epoch: p.log.Epoch(), next: p.state.bound + 1}
		if n.store.bug(OracleGoesBack) && p.state.bound > window {
			o.next -= window
		}
	}
	o.waiting = append(o.waiting, to)
	o.flush(n, p)
}

// flush gives out what is below the bound, and asks for a new one when that is near.
func (o *oracle) flush(n *node, p *part) {
	for len(o.waiting) > 0 && o.next < p.state.bound {
		o.waiting[0](o.next)
		o.next, o.waiting = o.next+1, o.waiting[1:]
	}
	if o.asked || o.next+window/4 < p.state.bound {
		return
	}
	o.asked = p.log.Propose(&command{Kind: extend, Bound: p.state.bound + window}, func(_ any, applied bool) {
		if applied && o.epoch == p.log.Epoch() && p.log.Serves() {
			o.asked = false
			o.flush(n, p)
		}
	})
}

var _ quorumlog.Machine[command] = (*shard)(nil)
