package quorumkv

import (
	"maps"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

const (
	giveUp = 2 * time.Second        // how long a coordinator waits for enough answers
	linger = 250 * time.Millisecond // and for those after them, to see who is stale
	hasty  = 250 * time.Millisecond // how long it waits with TimeoutIsFailure
)

// A round is what a coordinator asks of several nodes at once: to read a key, or to write it.
// The first that answer decide.
type round struct {
	id      uint64
	key     string
	writes  *object // nil for a read
	want    int
	parties []party
	found   object // by a read
	ended   bool   // the client has its answer
	end     func(r *round)
	late    func() // in the place of end, if too few answer
	timer   *cluster.Timer
}

// A party is a node that takes part in a round: for itself, or in the place of a home that
// is dead.
type party struct {
	node, home int
	answered   bool
	has        object // its answer to a read
}

// These are the messages of a round. An object of round 0 wants no acknowledgement.
type (
	write struct {
		round  uint64
		key    string
		object object
		home   int // the node to which it belongs
		stored ack // what the node answers
	}
	ack  struct{ round uint64 }
	read struct {
		round uint64
		key   string
	}
	answer struct {
		round  uint64
		object object
	}
)

// request begins a request of a client.
func (n *node) request(m cluster.Message, req *request) {
	if req.op == opPut || req.op == opSet && n.store.Conflict == LWW {
		n.put(m, req, req.seen)
		return
	}
	n.run(m, noQuorum, &round{key: req.key, want: n.store.R, end: func(r *round) {
		found := r.found // what comes later is for the repair
		seen := Seen{found.seen, found.latest()}
		reply := func(*round) { m.Reply(response{values: found.values(), seen: seen}) }
		switch {
		case req.op == opSet:
			n.put(m, req, seen)
		case n.store.WriteBack && !n.quorumAgrees(r):
			n.run(m, noQuorum, &round{key: r.key, want: n.store.W, writes: &found, end: reply})
		default:
			reply(r)
		}
	}})
}

// quorumAgrees reports whether as many homes as a write needs have the value that a read found.
func (n *node) quorumAgrees(r *round) bool {
	alike := 0
	for _, p := range r.parties {
		if p.answered && p.node == p.home && p.has.equal(r.found) {
			alike++
		}
	}
	return alike >= n.store.W
}

// put writes a value, which replaces what the client has seen.
func (n *node) put(m cluster.Message, req *request, seen Seen) {
	o := n.version(req.key, req.value, seen)
	late := uncertain
	if n.store.Bugs&TimeoutIsFailure != 0 {
		late = noQuorum
	}
	n.run(m, late, &round{key: req.key, want: n.store.W, writes: &o, end: func(*round) { m.Reply(response{}) }})
}

// run begins a round for a client. If there are too few nodes to begin with, the answer is that nothing
// happened; if too few of them answer in time, it is late.
func (n *node) run(m cluster.Message, late status, r *round) {
	r.late = func() { m.Reply(response{status: late}) }
	if !n.begin(r) {
		m.Reply(response{status: noQuorum})
	}
}

// version returns what a write adds to the replicas: its value and what that replaces.
func (n *node) version(key string, value int, seen Seen) object {
	if n.store.Bugs&ReuseDots != 0 {
		n.count[key] = max(n.count[key], n.log.objects[key].seen.Last(n.actor))
	}
	n.count[key]++
	d := dot{Actor: n.actor, N: n.count[key]}
	s := sibling{dot: d, value: value}
	switch n.store.Conflict {
	case HLC:
		n.clock.see(seen.at)
		s.at = n.clock.tick(n.h.Clock().Now())
	case LWW:
		s.at.wall = n.h.Clock().Now().UnixNano()
	default:
		replaced := seen.dots.With(d)
		if n.store.Bugs&PlainVectors != 0 {
			replaced = replaced.Union(d.All())
		}
		return object{[]sibling{s}, replaced}
	}
	return object{siblings: []sibling{s}}
}

// begin sends the request of a round to the homes of a key, and to stand-ins for the dead among them.
// If there are too few it sends nothing, and the round has not begun.
func (n *node) begin(r *round) (began bool) {
	r.parties = make([]party, 0, n.store.N)
	for _, home := range n.homes(r.key) {
		if !n.dead[home] {
			r.parties = append(r.parties, party{node: home, home: home})
		}
	}
	for _, home := range n.homes(r.key) {
		if n.dead[home] {
			n.standIn(r, home)
		}
	}
	if len(r.parties) < r.want {
		return false
	}
	n.next++
	r.id = n.next
	n.rounds[r.id] = r
	r.timer = n.h.AfterFunc(n.patience(r), func() { n.expire(r) })
	for i := range r.parties {
		n.ask(r, i)
	}
	for i := range r.parties { // what goes to others need not wait for the disk
		if r.parties[i].node == n.self {
			n.askSelf(r, i)
		}
	}
	return true
}

func (n *node) patience(r *round) time.Duration {
	if r.writes != nil && n.store.Bugs&TimeoutIsFailure != 0 {
		return hasty
	}
	return giveUp
}

// standIn adds the next node that is alive to a round, in the place of a home. It reports
// whether there is one.
func (n *node) standIn(r *round, home int) bool {
	if n.store.Strict {
		return false
	}
	for _, i := range n.ring.preference(r.key)[n.store.N:] {
		if !n.dead[i] && !slices.ContainsFunc(r.parties, func(p party) bool { return p.node == i }) {
			r.parties = append(r.parties, party{node: i, home: home})
			return true
		}
	}
	return false
}

// ask sends a party its part, unless that is this node.
func (n *node) ask(r *round, i int) {
	p := &r.parties[i]
	switch {
	case p.node == n.self:
	case r.writes != nil:
		n.send(p.node, &write{r.id, r.key, *r.writes, p.home, ack{r.id}})
	default:
		n.send(p.node, &read{r.id, r.key})
	}
}

// askSelf does this node's own part.
func (n *node) askSelf(r *round, i int) {
	if r.writes != nil {
		n.accept(&write{key: r.key, object: *r.writes, home: r.parties[i].home})
		n.ackArrived(n.self, &ack{r.id})
	} else {
		n.answerArrived(n.self, &answer{r.id, n.log.read(r.key)})
	}
}

// accept takes in an object, for this node or for another.
func (n *node) accept(w *write) (news bool) {
	n.clock.see(w.object.latest())
	if w.home == n.self {
		return n.log.store(w.key, w.object)
	}
	n.log.keep(hint{w.home, w.key}, w.object)
	return false
}

// part returns the round and the part in it that an answer belongs to, if it is awaited.
func (n *node) part(id uint64, from int) (*round, *party) {
	r := n.rounds[id]
	if r == nil {
		return nil, nil
	}
	i := slices.IndexFunc(r.parties, func(p party) bool { return p.node == from && !p.answered })
	if i < 0 {
		return nil, nil
	}
	r.parties[i].answered = true
	return r, &r.parties[i]
}

func (r *round) answers() (n int) {
	for _, p := range r.parties {
		if p.answered {
			n++
		}
	}
	return n
}

func (n *node) ackArrived(from int, a *ack) {
	if r, _ := n.part(a.round, from); r != nil && r.answers() >= r.want {
		n.finish(r)
		r.end(r)
	}
}

// answerArrived counts an answer to a read. Answers after the end of the round still count for
// the repair.
func (n *node) answerArrived(from int, a *answer) {
	r, p := n.part(a.round, from)
	if r == nil {
		return
	}
	p.has = a.object
	n.clock.see(a.object.latest())
	r.found = n.log.merge(r.found, a.object)
	if r.answers() >= r.want && !r.ended {
		r.ended = true
		r.timer.Reset(linger)
		r.end(r)
	}
	if r.answers() == len(r.parties) && r.ended {
		n.repair(r)
	}
}

// expire is due when a round has waited for long enough.
func (n *node) expire(r *round) {
	if r.ended {
		n.repair(r)
		return
	}
	n.finish(r)
	r.late()
}

func (n *node) finish(r *round) {
	r.timer.Stop()
	delete(n.rounds, r.id)
}

// repair gives the homes that answered a read what the others had and they had not.
func (n *node) repair(r *round) {
	n.finish(r)
	if n.store.NoReadRepair {
		return
	}
	for _, p := range r.parties {
		if !p.answered || p.node != p.home || p.has.equal(r.found) {
			continue
		}
		n.h.Count("read repaired")
		w := &write{key: r.key, object: r.found, home: p.home}
		if p.node == n.self {
			n.accept(w)
		} else {
			n.send(p.node, w)
		}
	}
}

// replace asks others in the place of a node that has died.
func (n *node) replace(dead int) {
	for _, id := range slices.Sorted(maps.Keys(n.rounds)) {
		r := n.rounds[id]
		if r == nil || r.ended {
			continue
		}
		for _, p := range r.parties {
			if p.node != dead || p.answered || !n.standIn(r, p.home) {
				continue
			}
			i := len(r.parties) - 1
			n.ask(r, i)
			if r.parties[i].node == n.self {
				n.askSelf(r, i)
			}
		}
	}
}
