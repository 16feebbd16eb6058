package consistency

import (
	"fmt"
	"slices"
	"sort"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/model"
)

// PRAM returns a checker for PRAM consistency: each session sees all writes in an order of its
// own, which keeps the order of every session (Lipton and Sandberg, PRAM: A Scalable
// Shared Memory, 1988). Written values must be unique.
//
// It takes O(n + p) for p turns that precede, in the sessions of others, what a session
// saw, which is at most O(n k) with k sessions, as long as few writes are known to have been
// seen later than they were; see [CausalMemory].
func PRAM[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return keeps(view.Erase(m), pram)
}

// CausalMemory returns a checker for causal memory, CM: each session sees all that it
// knows in one order of its own, in which causes come before effects (Ahamad and others, Causal Memory,
// 1995). Written values must be unique.
//
// It decides what Bouajjani, Enea, Guerraoui and Hamza (2017) decide by the bad patterns
// WriteHBInitRead and CyclicHB, in another way. For each session, a write gets the
// turn by which the session must have seen it: at first the one at which it came to know it. A
// read then says of all other writes to its key that were seen by then that they were seen no later
// than the one it saw, so they get an earlier turn, and so does all that they know. What is left
// are the writes of one turn, which must have an order. It takes O(n k) for k sessions and
// O(1) corrections a write; a turn counts as a step, and eight that it meets of others as one more: see [linearizable.Steps]. A history that the writes explain in the order in
// which they were done, as [Sequential] guesses first, is decided in O(n log n), however many sessions
// there are.
func CausalMemory[S comparable, In, Out any](m model.Model[S, In, Out], opts ...linearizable.Option) checker.Checker {
	return keeps(view.Erase(m), causalMemory, opts...)
}

var (
	pram = rule{name: "pram", kept: "are PRAM consistent", find: func(m *budget.Meter, l *logbook) (*breach, error) {
		return findSerial(m, l, false)
	}}
	causalMemory = rule{name: "causal-memory", kept: "keep causal memory", find: func(m *budget.Meter, l *logbook) (*breach, error) {
		if l.replays() { // sequential consistency is more, and does not ask how many sessions there are
			return nil, nil
		}
		p := newPast(l, false)
		if b := p.breach(); b != nil {
			return l.shrink(b.turns, serialAgain(true)), nil
		}
		return findSerial(m, l, true)
	}}
)

// A serial looks for an order in which one session sees what it knows. See [CausalMemory].
type serial struct {
	l       *logbook
	causal  bool   // whether it is causal memory, not PRAM
	beats   []beat // by turn
	session int32
	by      stamped      // by turn: by which turn of the session it was seen
	read    stamped      // by turn: whether the session has read what it wrote
	writes  [][]int32    // by key: the writes seen, in the order of by
	reads   [][]int32    // by key: the session's reads, in order
	keys    []int32      // those touched
	moved   stamped      // by when: whether the writes seen by then need an order
	moves   bool         // whether any do
	late    []conflicted // writes that had to be seen earlier, and why
	todo    []target
	walk    []int32
	entered []int32 // all turns of others that were seen
	level   leveling
}

// A beat is what all sessions want to know of a turn when they meet it, and no more: the
// turns are met once by each session, and memory is what that costs.
type beat struct {
	session int32
	key     int32    // what it writes to, or none
	causes  [2]int32 // the turns that it comes right after, or none
}

func (l *logbook) beats(causal bool) []beat {
	beats := make([]beat, len(l.turns))
	for i := range l.turns {
		t := &l.turns[i]
		b := beat{session: t.session, key: model.None, causes: [...]int32{t.prev, model.None}}
		if t.put != model.None {
			b.key = t.key
		}
		if causal {
			b.causes[1] = l.source(int32(i))
		}
		beats[i] = b
	}
	return beats
}

// A target is a turn that must have been seen by some turn of the session.
type target struct{ turn, by int32 }

func newSerial(l *logbook, causal bool) *serial {
	return &serial{l: l, causal: causal, beats: l.beats(causal), by: stamps(len(l.turns)), read: stamps(len(l.turns)), moved: stamps(2 * len(l.turns)),
		writes: make([][]int32, len(l.keys)), reads: make([][]int32, len(l.keys)), level: newLeveling(l)}
}

// findSerial returns a breach of the first session that has no order. Each session meets
// the turns of all others in their order, so it looks at them where they lie side by side.
func findSerial(m *budget.Meter, l *logbook, causal bool) (*breach, error) {
	s := newSerial(l.bySession(), causal)
	for i := range l.sessions {
		_, ok, err := s.run(m, int32(i))
		if err != nil {
			return nil, fmt.Errorf("%w at session %d of %d", err, i+1, len(l.sessions))
		}
		if !ok {
			s = newSerial(l, causal)
			at, _, _ := s.run(budget.Unlimited(), int32(i))
			return s.breach(at), nil
		}
	}
	return nil, nil
}

// bySession returns the logbook with the turns of each session side by side, and without
// chains.
func (l *logbook) bySession() *logbook {
	b := *l
	b.turns, b.sessions = make([]turn, 0, len(l.turns)), slices.Clone(l.sessions)
	b.versions, b.chains, b.chainOf = slices.Clone(l.versions), nil, nil
	number := make([]int32, len(l.turns))
	order := make([]int32, len(l.turns))
	for s := range b.sessions {
		from := len(b.turns)
		for _, i := range l.sessions[s].turns {
			number[i], order[len(b.turns)] = int32(len(b.turns)), int32(len(b.turns))
			b.turns = append(b.turns, l.turns[i])
		}
		b.sessions[s].turns = order[from:len(b.turns):len(b.turns)]
	}
	renumber := func(i *int32) {
		if *i != model.None {
			*i = number[*i]
		}
	}
	for i := range b.turns {
		renumber(&b.turns[i].prev)
	}
	for i := range b.versions {
		renumber(&b.versions[i].writer)
	}
	for i := range b.sessions {
		renumber(&b.sessions[i].parent)
	}
	return &b
}

// run follows a session. It returns the turn that no order explains, if there is one.
func (s *serial) run(m *budget.Meter, session int32) (at int32, ok bool, err error) {
	s.reset(session)
	l := s.l
	met := 0 // turns of others, which take little
	for _, i := range l.sessions[session].turns {
		n := len(s.entered) / 8
		if !m.Take(1 + n - met) {
			return model.None, true, m.Err
		}
		met = n
		t := &l.turns[i]
		s.touch(t.key)
		if t.observes() && !s.look(i) {
			return i, false, nil
		}
		s.by.set(i, session, 2*i+1)
		if t.put != model.None {
			s.writes[t.key] = append(s.writes[t.key], i)
		}
	}
	if !s.levels() {
		turns := l.sessions[session].turns
		return turns[len(turns)-1], false, nil
	}
	return model.None, true, nil
}

func (s *serial) reset(session int32) {
	s.session = session
	for _, k := range s.keys {
		s.writes[k], s.reads[k] = s.writes[k][:0], s.reads[k][:0]
	}
	s.keys, s.late, s.entered = s.keys[:0], s.late[:0], s.entered[:0]
	s.moves = false
}

func (s *serial) touch(key int32) {
	if len(s.writes[key]) == 0 && len(s.reads[key]) == 0 {
		s.keys = append(s.keys, key)
	}
}

// look takes account of what a turn saw, and reports whether it may have.
func (s *serial) look(i int32) bool {
	l := s.l
	t := &l.turns[i]
	w := l.source(i)
	if w == model.None {
		s.reads[t.key] = append(s.reads[t.key], i)
		return len(s.writes[t.key]) == 0
	}
	if !s.enter(w, i) {
		return false // it had not been written
	}
	by := s.by.get(w, s.session)
	reads := s.reads[t.key]
	if n := len(reads); n > 0 && l.source(reads[n-1]) != w && by <= 2*reads[n-1] {
		return false // another was seen in its place, and it was there by then
	}
	s.reads[t.key] = append(reads, i)
	s.read.set(w, s.session, 1)
	for {
		seen := s.writes[t.key]
		f := seen[len(seen)-1]
		by = s.until(w)
		if f == w || s.by.get(f, s.session) <= by {
			if f != w && s.by.get(f, s.session) == by {
				s.move(by)
			}
			return true
		}
		s.late = append(s.late, conflicted{f, w, i})
		if !s.lower(f, by) {
			return false
		}
	}
}

// until returns by when all had to be seen that came before a write. If the session made it itself, that is
// by the turn's begin: a swap sees what comes before it.
func (s *serial) until(w int32) int32 { return s.by.get(w, s.session) &^ 1 }

// enter makes a turn and its causes seen by turn i, causes first. It returns false if
// turn i or a later one of the session is among them.
func (s *serial) enter(w, i int32) bool {
	s.walk = append(s.walk[:0], w)
	for len(s.walk) > 0 {
		j := s.walk[len(s.walk)-1]
		if s.by.get(j, s.session) != model.None {
			s.walk = s.walk[:len(s.walk)-1]
			continue
		}
		b := &s.beats[j]
		if b.session == s.session {
			return false
		}
		ready := true
		for _, c := range b.causes {
			if c != model.None && s.by.get(c, s.session) == model.None {
				s.walk = append(s.walk, c)
				ready = false
			}
		}
		if !ready {
			continue
		}
		s.walk = s.walk[:len(s.walk)-1]
		s.by.set(j, s.session, 2*i)
		s.entered = append(s.entered, j)
		if b.key != model.None {
			s.touch(b.key)
			s.writes[b.key] = append(s.writes[b.key], j)
		}
	}
	return true
}

// lower makes a turn seen by an earlier turn of the session, and reports whether it can be.
func (s *serial) lower(f, by int32) bool {
	s.todo = append(s.todo[:0], target{f, by})
	for len(s.todo) > 0 {
		d := s.todo[len(s.todo)-1]
		s.todo = s.todo[:len(s.todo)-1]
		old := s.by.get(d.turn, s.session)
		if old <= d.by {
			continue
		}
		t := &s.l.turns[d.turn]
		if t.session == s.session {
			return false // it would come before itself
		}
		if t.put != model.None {
			to, ok := s.earliest(d.turn, d.by, old)
			if !ok {
				return false
			}
			d.by = to
			s.shift(d.turn, to)
		}
		s.by.set(d.turn, s.session, d.by)
		s.move(d.by)
		for _, c := range s.beats[d.turn].causes {
			if c != model.None {
				s.todo = append(s.todo, target{c, d.by})
			}
		}
	}
	return true
}

// earliest returns by when a write is seen, if it is by some turn already: no
// later than what the reads of its key saw from then on. It returns false if one of those saw what
// can not have come after it.
func (s *serial) earliest(u, by, old int32) (int32, bool) {
	reads := s.reads[s.l.turns[u].key]
	for {
		n := sort.Search(len(reads), func(n int) bool { return 2*reads[n] >= by })
		if n == len(reads) || 2*reads[n] >= old {
			return by, true
		}
		w := s.l.source(reads[n])
		if w == model.None || s.read.get(u, s.session) != model.None && w != u {
			return by, false
		}
		to := s.until(w)
		if to >= by {
			return by, true
		}
		by = to
	}
}

// move says that the writes seen by some turn need an order.
func (s *serial) move(by int32) {
	s.moved.set(by, s.session, 1)
	s.moves = true
}

// shift puts a write where it belongs among those to its key, and if the session
// has read it, sees to those that it leaves behind.
func (s *serial) shift(u, by int32) {
	seen := s.writes[s.l.turns[u].key]
	old := s.by.get(u, s.session)
	after := func(x int32) int {
		return sort.Search(len(seen), func(n int) bool { return s.by.get(seen[n], s.session) > x })
	}
	from := after(old) - 1
	for seen[from] != u {
		from--
	}
	to := after(by)
	if s.read.get(u, s.session) != model.None {
		for _, f := range seen[to:after(old)] {
			if f != u {
				s.todo = append(s.todo, target{f, by})
			}
		}
	}
	copy(seen[to+1:from+1], seen[to:from])
	seen[to] = u
}
