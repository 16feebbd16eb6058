package hlc

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/internal/snapshot"
	"github.com/capsize-go/capsize/systems/txn/internal/cell"
	"github.com/capsize-go/capsize/systems/txn/internal/replog"
)

// Messages from the node of a transaction to the leaders of ranges, and their answers.
type (
	// A prepare has a range carry out its part of a transaction: read, and lay down intents.
	prepare struct {
		id     string
		in     int   // the range
		anchor int   // the range of the transaction's record
		begun  int64 // wall time
		at     stamp // the timestamp of the transaction
		limit  int64 // wall time: a version up to here may have been written before the transaction began
		ops    []model.TxnOp
	}
	// A prepared is the answer: it is carried out, or must be tried again at a later timestamp, or another transaction is in the way.
	prepared struct {
		id       string
		in       int
		outcome  outcome
		at       stamp // of the intents; or the timestamp at which to try again
		ops      []model.TxnOp
		conflict string // the transaction that is in the way
	}
	// A refresh asks whether what a transaction has read at one timestamp is the same at a later one.
	refresh struct {
		id       string
		in       int
		from, to stamp
		keys     []string
	}
	refreshed struct {
		id string
		in int
		ok bool
	}
	// A finish writes the record of a transaction, unless it has one.
	finish struct {
		id     string
		in     int
		begun  int64
		at     stamp
		commit bool
		from   int // the range that asks because of an intent; -1 for the node of the transaction
	}
	// A finished says what the record is.
	finished struct {
		id     string
		in     int // the range that asked
		begun  int64
		record record
	}
	// A resolve tells a range how a transaction has ended.
	resolve struct {
		id     string
		in     int
		begun  int64
		at     stamp
		commit bool
	}
)

type outcome uint8

const (
	ready outcome = iota
	again         // at a later timestamp
	blocked
	refused // the range has no leader here, or can't answer any more
)

// A mark is the latest timestamp at which a key was read, and by which transaction, if by one alone.
type mark struct {
	at stamp
	by string
}

// A krange is a range of keys, of which this node has a replica. What only its leader needs is not in the state.
type krange struct {
	n   *node
	in  int
	log *replog.Log
	kv  *state

	reads   map[string]mark // the timestamp cache
	low     stamp           // no key was read above it by earlier leaders
	flying  map[string]intentInFlight
	waiting map[string]func(ok bool)  // what to do when the command of a transaction is applied, by kind and id
	laying  map[string]func(prepared) // the answers to transactions that wait for their intents
	raising stamp                     // the ceiling that is about to be committed
	readers []reader                  // that wait for the ceiling
	since   map[string]int            // when the leader saw an intent first, in ticks
}

// An intentInFlight is one that is proposed and not yet applied.
type intentInFlight struct {
	id string
	at stamp
}

// A reader waits until the ceiling is at a timestamp; fn is called then, or with false if this node is no longer asked.
type reader struct {
	at stamp
	fn func(ok bool)
}

func (r *krange) clear() {
	r.reads, r.flying, r.waiting, r.since = map[string]mark{}, map[string]intentInFlight{}, map[string]func(bool){}, map[string]int{}
	r.readers, r.raising, r.laying = nil, stamp{}, map[string]func(prepared){}
}

// Restore begins from a snapshot.
func (r *krange) Restore(data []byte) (err error) {
	r.kv = newState()
	if len(data) > 0 {
		r.kv, err = snapshot.Decode(data, r.kv)
	}
	r.clear()
	return err
}

// Elected makes the node the leader of the range.
func (r *krange) Elected() {
	r.clear()
	r.n.h.Count("lease moved")
	r.low = r.kv.Ceiling
	if r.n.bug(ForgetReads) {
		r.low = stamp{}
	}
	// Its predecessor has seen the intents for a while.
	for id := range r.kv.Intents { // order: each sets a key of its own
		r.since[id] = r.n.ticks - stuck/2
	}
	r.n.roles()
}

// Deposed ends that. Who waits for a read or an intent is to ask the next leader. An intent that is laid down all the same is found by it.
func (r *krange) Deposed() {
	readers, laying := r.readers, r.laying
	r.clear()
	r.n.roles()
	for _, x := range readers {
		x.fn(false)
	}
	for _, id := range sorting.Keys(laying) {
		laying[id](prepared{outcome: refused})
	}
}

// Apply carries out a command of the log.
func (r *krange) Apply(index uint64, data []byte) {
	c := decodeCommand(data)
	ok := r.kv.apply(c)
	if r.log.Behind() >= snapshotEvery {
		r.kv.forget()
		r.log.Compact(index, r.kv.encode())
	}
	if c.Kind == raiseCeiling {
		r.raised()
		return
	}
	key := waitKey(c.Kind, c.ID)
	if fn := r.waiting[key]; fn != nil {
		delete(r.waiting, key)
		fn(ok)
	}
}

func waitKey(k commandKind, id string) string { return fmt.Sprint(k, " ", id) }

// propose has a command committed; fn is called when it is applied here, if this node leads then.
func (r *krange) propose(c *command, fn func(ok bool)) bool {
	key := waitKey(c.Kind, c.ID)
	if r.waiting[key] != nil {
		return false
	}
	if fn != nil {
		r.waiting[key] = fn
	}
	if r.log.Propose(encodeCommand(c)) {
		return true
	}
	delete(r.waiting, key)
	return false
}

// afterCeiling calls fn once all nodes that may lead later know that there are reads at a timestamp. That also tells that this node
// led when it was asked.
func (r *krange) afterCeiling(at stamp, fn func(ok bool)) {
	r.readers = append(r.readers, reader{later(at, r.n.clock.now()), fn})
	r.raise()
}

// raise has the ceiling raised to what all readers that wait need, if that is not under way.
func (r *krange) raise() {
	if len(r.readers) == 0 || r.kv.Ceiling.before(r.raising) {
		return
	}
	for _, x := range r.readers {
		r.raising = later(r.raising, x.at)
	}
	if !r.log.Propose(encodeCommand(&command{Kind: raiseCeiling, At: r.raising})) {
		r.raising = stamp{}
	}
}

// raised lets the readers go on that waited for the ceiling.
func (r *krange) raised() {
	waiting := r.readers
	r.readers = nil
	for _, x := range waiting {
		if r.kv.Ceiling.before(x.at) {
			r.readers = append(r.readers, x)
		} else {
			x.fn(true)
		}
	}
	r.raise()
}

// prepare carries out the part of a transaction that is in this range.
func (r *krange) prepare(from string, p *prepare) {
	answer := func(a prepared) {
		a.id, a.in = p.id, r.in
		r.n.send(from, &a)
	}
	if !r.log.Leads() {
		answer(prepared{outcome: refused})
		return
	}
	if slices.ContainsFunc(p.ops, isRead) {
		r.afterCeiling(p.at, func(ok bool) {
			if ok {
				r.evaluate(p, answer)
			} else {
				answer(prepared{outcome: refused})
			}
		})
	} else {
		r.evaluate(p, answer)
	}
}

func isRead(op model.TxnOp) bool { return op.F == model.TxnRead }

// evaluate reads and lays down intents, now that nothing is in the way of reading.
func (r *krange) evaluate(p *prepare, answer func(prepared)) {
	if _, ended := r.kv.Ended[p.id]; ended || r.kv.Intents[p.id] != nil || r.waiting[waitKey(layIntent, p.id)] != nil {
		return // a copy
	}
	if a, ok := r.obstacle(p); !ok {
		answer(a)
		return
	}
	ops, keys, written := cell.Run(p.ops, func(key string) cell.Cell {
		if slices.ContainsFunc(p.ops, func(op model.TxnOp) bool { return op.Key == key && isRead(op) }) {
			return r.kv.at(key, p.at).Cell
		}
		return r.kv.newest(key).Cell
	})
	at := p.at
	for _, k := range keys {
		at = later(at, r.earliest(k, p))
	}
	for _, op := range p.ops {
		if isRead(op) {
			r.markRead(op.Key, p.at, p.id)
		}
	}
	if len(keys) == 0 {
		answer(prepared{at: at, ops: ops})
		return
	}
	in := &intent{At: at, Anchor: p.anchor, Begun: p.begun, Keys: keys}
	for _, k := range keys {
		in.Cells = append(in.Cells, written[k])
		r.flying[k] = intentInFlight{p.id, at}
	}
	r.laying[p.id] = answer
	proposed := r.propose(&command{Kind: layIntent, ID: p.id, At: at, Begun: p.begun, Intent: in}, func(ok bool) {
		r.land(p.id, keys)
		if ok {
			answer(prepared{at: at, ops: ops})
		} else {
			answer(prepared{outcome: refused})
		}
	})
	if !proposed {
		r.land(p.id, keys)
		answer(prepared{outcome: refused})
	}
}

// land ends the flight of an intent.
func (r *krange) land(id string, keys []string) {
	delete(r.laying, id)
	for _, k := range keys {
		delete(r.flying, k)
	}
}

// obstacle returns the answer to a transaction that can't be carried out at its timestamp, and not ok.
func (r *krange) obstacle(p *prepare) (a prepared, ok bool) {
	limit := stamp{Wall: p.limit}
	if p.at.before(r.kv.Oldest) {
		return prepared{outcome: again, at: r.kv.Oldest}, false
	}
	a.at = p.at
	for _, op := range p.ops {
		if holder, at := r.holder(op.Key); holder != "" && holder != p.id && (!isRead(op) || !later(limit, p.at).before(at)) {
			return prepared{outcome: blocked, conflict: holder}, false
		}
		if v := r.kv.newest(op.Key).At; isRead(op) && p.at.before(v) {
			// The newest version that may be from before the transaction; if none is, those behind the timestamp are from after it.
			a.at = later(a.at, r.kv.at(op.Key, later(limit, p.at)).At)
		}
	}
	if p.at.before(a.at) {
		a.outcome = again
		return a, false
	}
	return a, true
}

// holder returns the transaction that has an intent on a key, or is about to have one, and its timestamp.
func (r *krange) holder(key string) (id string, at stamp) {
	if f, ok := r.flying[key]; ok {
		return f.id, f.at
	}
	if id := r.kv.Locks[key]; id != "" {
		return id, r.kv.Intents[id].At
	}
	return "", stamp{}
}

// earliest returns the earliest timestamp at which a transaction may write a key: behind all versions, and all reads of others.
func (r *krange) earliest(key string, p *prepare) stamp {
	at := r.kv.newest(key).At.next()
	m, ok := r.reads[key]
	if !ok {
		m = mark{at: r.low}
	}
	if m.by != p.id || m.by == "" {
		at = later(at, m.at.next())
	} else {
		at = later(at, m.at)
	}
	return at
}

// markRead notes a read. A mark of two transactions at one timestamp is that of none.
func (r *krange) markRead(key string, at stamp, by string) {
	m, ok := r.reads[key]
	if !ok {
		m = mark{at: r.low}
	}
	switch {
	case m.at.before(at):
		r.reads[key] = mark{at, by}
	case m.at == at && m.by != by:
		r.reads[key] = mark{at: at}
	}
}

// refresh answers whether reads of a transaction hold at a later timestamp as well.
func (r *krange) refresh(from string, f *refresh) {
	if !r.log.Leads() {
		r.n.send(from, &refreshed{f.id, r.in, false})
		return
	}
	r.afterCeiling(f.to, func(ok bool) {
		ok = ok && !f.from.before(r.kv.Oldest)
		for _, k := range f.keys {
			holder, at := r.holder(k)
			if holder != "" && holder != f.id && !f.to.before(at) || f.from.before(r.kv.at(k, f.to).At) {
				ok = false
			}
		}
		for _, k := range f.keys {
			if ok {
				r.markRead(k, f.to, f.id)
			}
		}
		r.n.send(from, &refreshed{f.id, r.in, ok})
	})
}

// finish writes the record of a transaction, if this node leads its range, and answers what the record is.
func (r *krange) finish(from string, f *finish) {
	if !r.log.Leads() {
		return // it is asked again
	}
	answer := func() {
		if rec, ok := r.kv.Records[f.id]; ok {
			r.n.send(from, &finished{f.id, f.from, f.begun, rec})
		}
	}
	if _, ok := r.kv.Records[f.id]; ok {
		answer()
		return
	}
	r.propose(&command{Kind: writeRecord, ID: f.id, At: f.at, Begun: f.begun, Commit: f.commit}, func(bool) { answer() })
}

// resolve ends an intent. One that is laid down later, as messages overtake one another, is found by push.
func (r *krange) resolve(x *resolve) {
	if r.log.Leads() && r.kv.Intents[x.id] != nil {
		r.propose(&command{Kind: resolveIntent, ID: x.id, At: x.at, Begun: x.begun, Commit: x.commit}, func(bool) { delete(r.since, x.id) })
	}
}

// move hands the leadership of the range to the next node now and then, as a store does that balances its load. The first range stays where
// it is: who leads it is the role of the node, and roles that move for ever are taken for elections that do not end.
func (r *krange) move() {
	if r.in == 0 {
		return
	}
	if every := int(r.n.moveEvery / tick); (r.n.ticks+r.in*every/len(r.n.ranges))%every == 0 {
		r.log.Transfer()
	}
}

// push asks what has happened to the transactions of intents that have been there for long. The question aborts those that have no record.
func (r *krange) push() {
	if !r.log.Leads() {
		return
	}
	for _, id := range sorting.Keys(r.kv.Intents) {
		first, ok := r.since[id]
		if !ok {
			r.since[id] = r.n.ticks
		} else if in := r.kv.Intents[id]; r.n.ticks-first >= stuck && (r.n.ticks-first)%4 == 0 {
			r.n.toRange(in.Anchor, &finish{id: id, in: in.Anchor, begun: in.Begun, at: in.At, from: r.in})
		}
	}
}

func encodeCommand(c *command) []byte { return snapshot.Encode(c) }

// decodeCommand reads what encodeCommand wrote. The log checks its records, so one that can't be read is a defect of the store.
func decodeCommand(b []byte) *command {
	c := &command{}
	if err := json.Unmarshal(b, c); err != nil {
		panic(fmt.Sprintf("hlc: decode command: %v", err))
	}
	return c
}

// words says what a command is.
func words(data []byte) (string, []trace.Item) {
	c := decodeCommand(data)
	switch {
	case c.Kind == raiseCeiling:
		return fmt.Sprintf("reads up to %v", c.At), nil
	case c.Kind == layIntent:
		text, carries := "intents of "+c.ID+":", []trace.Item(nil)
		for i, k := range c.Intent.Keys {
			text += fmt.Sprintf(" %s is %v", k, c.Intent.Cells[i])
			carries = append(carries, c.Intent.Cells[i].Item(k))
		}
		return fmt.Sprintf("%s at %v", text, c.Intent.At), carries
	case c.Commit:
		return fmt.Sprintf("%s is committed at %v", c.ID, c.At), nil
	}
	return c.ID + " is aborted", nil
}
