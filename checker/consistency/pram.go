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
// It takes O(n + p) for p calls that precede, in other sessions, what a session
// saw, which is at most O(n k) with k sessions, as long as few writes need a correction; see [CausalMemory].
func PRAM[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return ruleChecker(view.Erase(m), pram)
}

// CausalMemory returns a checker for causal memory, CM: each session sees its causal past
// in one order of its own, which keeps happens-before (Ahamad and others, Causal Memory,
// 1995). Written values must be unique.
//
// It decides what Bouajjani, Enea, Guerraoui and Hamza (2017) decide by the bad patterns
// WriteHBInitRead and CyclicHB, in another way. For each session, a write gets a bound: the
// call by which the session must have seen it, at first the one that made it known. A
// read lowers the bound of all other known writes to its key to that
// of the one it saw, and with them the bounds of their causal past. What is left
// are the writes with the same bound, which must have an order. It takes O(n k) for k sessions and
// O(1) corrections a write. A call counts as a step, and eight visited calls of others as one more: see [linearizable.Steps].
// If the order in which writes were done explains a history, as [Sequential] guesses first, that takes O(n log n) for any number of
// sessions.
func CausalMemory[S comparable, In, Out any](m model.Model[S, In, Out], opts ...linearizable.Option) checker.Checker {
	return ruleChecker(view.Erase(m), causalMemory, opts...)
}

var (
	pram = rule{name: "pram", holds: "are PRAM consistent", find: func(m *budget.Meter, l *sessionHistory) (*violation, error) {
		return findSerial(m, l, false)
	}}
	causalMemory = rule{name: "causal-memory", holds: "keep causal memory", find: func(m *budget.Meter, l *sessionHistory) (*violation, error) {
		if explainedByWriteOrder(l) { // sequential consistency is stronger, and cheaper to show with many sessions
			return nil, nil
		}
		p := newCausalPast(l, false)
		if b := p.violation(); b != nil {
			return l.minimise(b.calls, serialViolation(true)), nil
		}
		return findSerial(m, l, true)
	}}
)

// A serialView searches an order of the causal past of one session. See [CausalMemory].
type serialView struct {
	l            *sessionHistory
	causal       bool         // whether it is causal memory, not PRAM
	causes       []callCauses // by call
	session      int32
	by           stamped    // by call: its bound, the call of the session by which it was seen
	read         stamped    // by call: whether the session has read what it wrote
	writes       [][]int32  // by key: the writes seen, in the order of by
	reads        [][]int32  // by key: the session's reads, in order
	keys         []int32    // those that the session has seen
	unordered    stamped    // by bound: whether the writes with it need an order
	anyUnordered bool       // whether any do
	lowered      []conflict // writes that had to be seen earlier, and why
	todo         []target
	walk         []int32
	entered      []int32 // all calls of others that were seen
	level        levelOrder
}

// A callCauses is what a session needs of a call that it visits, and no more: each session
// visits all calls, and memory bandwidth is what that costs.
type callCauses struct {
	session int32
	key     int32    // the key that it writes, or None
	causes  [2]int32 // its direct causes, or None
}

// causesOf returns the direct causes of each call: the call before it, and, for causal memory, the write that it saw.
func causesOf(l *sessionHistory, causal bool) []callCauses {
	beats := make([]callCauses, len(l.calls))
	for i := range l.calls {
		t := &l.calls[i]
		b := callCauses{session: t.session, key: model.None, causes: [...]int32{t.prev, model.None}}
		if t.put != model.None {
			b.key = t.key
		}
		if causal {
			b.causes[1] = l.writerSeen(int32(i))
		}
		beats[i] = b
	}
	return beats
}

// A target is a call and its bound.
type target struct{ call, by int32 }

func newSerialView(l *sessionHistory, causal bool) *serialView {
	return &serialView{l: l, causal: causal, causes: causesOf(l, causal), by: stamps(len(l.calls)), read: stamps(len(l.calls)), unordered: stamps(2 * len(l.calls)),
		writes: make([][]int32, len(l.keys)), reads: make([][]int32, len(l.keys)), level: newLevelOrder(l)}
}

// findSerial returns a violation of the first session that has no order. Each session visits
// the calls of all others in their order, so it uses a history in which these are side by side.
func findSerial(m *budget.Meter, l *sessionHistory, causal bool) (*violation, error) {
	s := newSerialView(sortedBySession(l), causal)
	for i := range l.sessions {
		_, ok, err := s.run(m, int32(i))
		if err != nil {
			return nil, fmt.Errorf("%w at session %d of %d", err, i+1, len(l.sessions))
		}
		if !ok {
			s = newSerialView(l, causal)
			at, _, _ := s.run(budget.Unlimited(), int32(i))
			return s.violation(at), nil
		}
	}
	return nil, nil
}

// sortedBySession returns the history with the calls of each session side by side, and without
// chains, which the search does not need.
func sortedBySession(l *sessionHistory) *sessionHistory {
	b := *l
	b.calls, b.sessions = make([]sessionCall, 0, len(l.calls)), slices.Clone(l.sessions)
	b.versions, b.chains, b.chainOf = slices.Clone(l.versions), nil, nil
	number := make([]int32, len(l.calls))
	order := make([]int32, len(l.calls))
	for s := range b.sessions {
		from := len(b.calls)
		for _, i := range l.sessions[s].calls {
			number[i], order[len(b.calls)] = int32(len(b.calls)), int32(len(b.calls))
			b.calls = append(b.calls, l.calls[i])
		}
		b.sessions[s].calls = order[from:len(b.calls):len(b.calls)]
	}
	renumber := func(i *int32) {
		if *i != model.None {
			*i = number[*i]
		}
	}
	for i := range b.calls {
		renumber(&b.calls[i].prev)
	}
	for i := range b.versions {
		renumber(&b.versions[i].writer)
	}
	for i := range b.sessions {
		renumber(&b.sessions[i].parent)
	}
	return &b
}

// run follows a session. It returns the call that no order explains, if there is one.
func (s *serialView) run(m *budget.Meter, session int32) (at int32, ok bool, err error) {
	s.reset(session)
	l := s.l
	met := 0 // visited calls of others, eight for a step
	for _, i := range l.sessions[session].calls {
		n := len(s.entered) / 8
		if !m.Take(1 + n - met) {
			return model.None, true, m.Err
		}
		met = n
		t := &l.calls[i]
		s.touch(t.key)
		if t.observes() && !s.observe(i) {
			return i, false, nil
		}
		s.by.set(i, session, 2*i+1)
		if t.put != model.None {
			s.writes[t.key] = append(s.writes[t.key], i)
		}
	}
	if !s.orderLevels() {
		calls := l.sessions[session].calls
		return calls[len(calls)-1], false, nil
	}
	return model.None, true, nil
}

func (s *serialView) reset(session int32) {
	s.session = session
	for _, k := range s.keys {
		s.writes[k], s.reads[k] = s.writes[k][:0], s.reads[k][:0]
	}
	s.keys, s.lowered, s.entered = s.keys[:0], s.lowered[:0], s.entered[:0]
	s.anyUnordered = false
}

func (s *serialView) touch(key int32) {
	if len(s.writes[key]) == 0 && len(s.reads[key]) == 0 {
		s.keys = append(s.keys, key)
	}
}

// observe lowers the bounds of other writes to the key below that of the one that a call saw. It reports whether
// that is possible.
func (s *serialView) observe(i int32) bool {
	l := s.l
	t := &l.calls[i]
	w := l.writerSeen(i)
	if w == model.None {
		s.reads[t.key] = append(s.reads[t.key], i)
		return len(s.writes[t.key]) == 0
	}
	if !s.enter(w, i) {
		return false // the write comes later
	}
	by := s.by.get(w, s.session)
	reads := s.reads[t.key]
	if n := len(reads); n > 0 && l.writerSeen(reads[n-1]) != w && by <= 2*reads[n-1] {
		return false // another was read after it had been seen
	}
	s.reads[t.key] = append(reads, i)
	s.read.set(w, s.session, 1)
	for {
		seen := s.writes[t.key]
		f := seen[len(seen)-1]
		by = s.bound(w)
		if f == w || s.by.get(f, s.session) <= by {
			if f != w && s.by.get(f, s.session) == by {
				s.markUnordered(by)
			}
			return true
		}
		s.lowered = append(s.lowered, conflict{f, w, i})
		if !s.lower(f, by) {
			return false
		}
	}
}

// bound returns the bound of all that comes before a write. If the session wrote it itself, that is
// the call's begin: a swap sees what comes before it.
func (s *serialView) bound(w int32) int32 { return s.by.get(w, s.session) &^ 1 }

// enter gives a call and its causes the bound i, causes first. It returns false if
// call i or a later one of the session is among them.
func (s *serialView) enter(w, i int32) bool {
	s.walk = append(s.walk[:0], w)
	for len(s.walk) > 0 {
		j := s.walk[len(s.walk)-1]
		if s.by.get(j, s.session) != model.None {
			s.walk = s.walk[:len(s.walk)-1]
			continue
		}
		b := &s.causes[j]
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

// lower lowers the bound of a call and of its causes, and reports whether that is possible.
func (s *serialView) lower(f, by int32) bool {
	s.todo = append(s.todo[:0], target{f, by})
	for len(s.todo) > 0 {
		d := s.todo[len(s.todo)-1]
		s.todo = s.todo[:len(s.todo)-1]
		old := s.by.get(d.call, s.session)
		if old <= d.by {
			continue
		}
		t := &s.l.calls[d.call]
		if t.session == s.session {
			return false // it would come before itself
		}
		if t.put != model.None {
			to, ok := s.earliest(d.call, d.by, old)
			if !ok {
				return false
			}
			d.by = to
			s.reposition(d.call, to)
		}
		s.by.set(d.call, s.session, d.by)
		s.markUnordered(d.by)
		for _, c := range s.causes[d.call].causes {
			if c != model.None {
				s.todo = append(s.todo, target{c, d.by})
			}
		}
	}
	return true
}

// earliest returns the bound of a write that is seen by some call: no
// later than what the reads of its key saw from then on. It returns false if one of these saw what
// can't come after it.
func (s *serialView) earliest(u, by, old int32) (int32, bool) {
	reads := s.reads[s.l.calls[u].key]
	for {
		n := sort.Search(len(reads), func(n int) bool { return 2*reads[n] >= by })
		if n == len(reads) || 2*reads[n] >= old {
			return by, true
		}
		w := s.l.writerSeen(reads[n])
		if w == model.None || s.read.get(u, s.session) != model.None && w != u {
			return by, false
		}
		to := s.bound(w)
		if to >= by {
			return by, true
		}
		by = to
	}
}

// markUnordered records that the writes with some bound need an order.
func (s *serialView) markUnordered(by int32) {
	s.unordered.set(by, s.session, 1)
	s.anyUnordered = true
}

// reposition moves a write to its place among those to its key. If the session
// has read it, the writes that it passes must be seen as early.
func (s *serialView) reposition(u, by int32) {
	seen := s.writes[s.l.calls[u].key]
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
