package consistency

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/checker/internal/zones"
	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// Sequential returns a checker for sequential consistency: there is one order of all calls, on all
// keys, that keeps the order of every session, and in which every read sees the last
// write (Lamport, How to Make a Multiprocessor Computer, 1979). It can't be judged
// key by key. Written values must be unique.
//
// The problem is NP-complete (Gibbons and Korach, 1997, even with unique values). So three
// cheap questions come first: a linearizable history is sequentially consistent; so is one
// that its writes explain in the order in which they were done; and one that is not causally
// convergent is not (the gradual checking of Bouajjani, Enea and others, 2019). The rest
// is a depth-first search: a state is how far each session has come, at most n^k of them. Reads go first
// where they may, and a value with readers left is not replaced (partial-order reduction). After a
// million states, the steps of [linearizable.Steps], or forty million visits of a session, the verdict is Unknown.
func Sequential[S comparable, In, Out any](m model.Model[S, In, Out], opts ...linearizable.Option) checker.Checker {
	return sequentially(view.Erase(m), opts...)
}

// sequentially is Sequential for a model without types.
func sequentially(m view.Model, opts ...linearizable.Option) checker.Checker {
	search := ruleChecker(m, sequential, opts...)
	return wording.Named(sequential.name, checker.Func(func(ctx context.Context, h *history.History) (res checker.Result) {
		defer recovered(&res, sequential.name, m.Name)
		s := m.Of(h)
		if n, ok := linearizableByZones(s); ok {
			return checker.Result{Checker: sequential.name, Reason: fmt.Sprintf("%s are linearizable, hence %s", words.Plural(n, "call"), sequential.holds[len("are "):])}
		}
		return search.Check(ctx, h)
	}))
}

// linearizableByZones reports whether zones show that a history is linearizable, with the number of its calls.
func linearizableByZones(s view.View) (calls int, ok bool) {
	parts, bad := s.Split()
	if bad != nil {
		return 0, false
	}
	for _, p := range parts {
		calls += len(p.Spans)
		if c, ok := zones.Of(s, p.Spans, false); !ok || c != nil {
			return 0, false
		}
	}
	return calls, true
}

var sequential = rule{name: "sequential", holds: "are sequentially consistent", find: findSequential}

// findSequential decides by the cheap questions, and then by search.
func findSequential(m *budget.Meter, l *sessionHistory) (*violation, error) {
	l.strict = true
	defer func() { l.strict = false }()
	again := func(p *sessionHistory) *violation {
		if past := newCausalPast(p, true); past.violation() != nil {
			_, blamed := past.contradiction()
			return &violation{blamed: blamed, key: p.onlyKey(), reason: past.reason(blamed)}
		}
		if e := newInterleaving(p, 20_000); e.run(budget.Unlimited()) == nil && !e.found {
			return &violation{blamed: model.None, key: p.onlyKey(),
				reason: fmt.Sprintf("no one order of %s keeps the order of %s and explains all answers", words.Plural(len(p.calls), "call"), words.Plural(p.processes(), "session"))}
		}
		return nil
	}
	if explainedByWriteOrder(l) {
		return nil, nil
	}
	if b := newCausalPast(l, true).violation(); b != nil {
		return l.minimise(b.calls, again), nil
	}
	e := newInterleaving(l, 1_000_000)
	if err := e.run(m); err != nil {
		return nil, fmt.Errorf("%w after %s, %d of %s in order", err, words.Plural(e.states, "state"), e.furthest, words.Plural(len(l.calls), "call"))
	}
	if e.found {
		return nil, nil
	}
	return l.minimise(e.stuckCalls(), again), nil
}

// An interleaving searches one order of all calls.
type interleaving struct {
	l         *sessionHistory
	maxStates int
	at        []int32 // by session: how many of its calls are done
	readers   []int32 // by version: how many of its readers are left
	current   []int32 // by key: its current version
	done      int
	furthest  int
	stuck     []int32 // how far each session was when the search was furthest
	states    int
	visits    int // of sessions
	found     bool
	tried     map[string]bool
	trail     []int32 // the session of each step
	previous  []int32 // the version of each step's key before it
}

// newInterleaving returns a search that begins with the initial values.
func newInterleaving(l *sessionHistory, maxStates int) *interleaving {
	e := &interleaving{l: l, maxStates: maxStates, at: make([]int32, len(l.sessions)), readers: make([]int32, len(l.versions)),
		current: make([]int32, len(l.keys)), tried: map[string]bool{}}
	for k := range e.current {
		e.current[k] = model.None
	}
	for i := range l.versions {
		if l.versions[i].initial {
			e.current[l.versions[i].key] = int32(i)
		}
	}
	for i := range l.calls {
		if v := l.calls[i].saw; v != model.None {
			e.readers[v]++
		}
	}
	return e
}

// maxVisits bounds how often a search visits a session. Each state takes time and memory for
// every session.
const maxVisits = 40_000_000

var errStates = fmt.Errorf("the memory for the search was used up")

// run searches depth-first. It fails if a bound ends it.
func (e *interleaving) run(m *budget.Meter) error {
	type frame struct {
		trail int
		next  []int32 // sessions to try
	}
	e.greedy()
	stack := []frame{{len(e.trail), e.choices()}}
	for len(stack) > 0 {
		if e.done > e.furthest || e.stuck == nil {
			e.furthest, e.stuck = e.done, slices.Clone(e.at)
		}
		if e.done == len(e.l.calls) {
			e.found = true
			return nil
		}
		f := &stack[len(stack)-1]
		e.undo(f.trail)
		if len(f.next) == 0 {
			stack = stack[:len(stack)-1]
			continue
		}
		s := f.next[0]
		f.next = f.next[1:]
		e.step(s)
		e.greedy()
		if !e.isNew() {
			continue
		}
		if e.states++; e.states >= e.maxStates || e.visits >= maxVisits {
			return errStates
		}
		if !m.Step() {
			return m.Err
		}
		stack = append(stack, frame{len(e.trail), e.choices()})
	}
	return nil
}

// isNew reports whether the state is new, and remembers it. The versions of the keys need not be part of it:
// of the values that were written so far, at most one for each key has readers left.
func (e *interleaving) isNew() bool {
	key := make([]byte, 0, len(e.at)*2)
	for _, n := range e.at {
		key = binary.AppendUvarint(key, uint64(n))
	}
	if e.tried[string(key)] {
		return false
	}
	e.tried[string(key)] = true
	return true
}

// head returns the next call of a session, or None.
func (e *interleaving) head(s int32) int32 {
	calls := e.l.sessions[s].calls
	if int(e.at[s]) == len(calls) {
		return model.None
	}
	i := calls[e.at[s]]
	if e.at[s] == 0 {
		if q := e.l.sessions[s].parent; q != model.None && e.at[e.l.calls[q].session] <= e.l.calls[q].index {
			return model.None
		}
	}
	return i
}

// enabled reports whether a call can come next.
func (e *interleaving) enabled(i int32) bool {
	t := &e.l.calls[i]
	has := e.current[t.key]
	switch {
	case t.saw != model.None && t.saw != has:
		return false
	case t.put == model.None:
		return true
	case has == model.None: // no call reads the initial value
		return true
	case t.saw != model.None:
		return e.readers[has] == 1 // itself
	}
	return e.readers[has] == 0
}

// greedy makes all steps that can't prevent others: reads, and writes that are never read.
func (e *interleaving) greedy() {
	for again := true; again && e.visits < maxVisits; {
		again = false
		e.visits += len(e.at)
		for s := range e.at {
			for i := e.head(int32(s)); i != model.None && e.enabled(i); i = e.head(int32(s)) {
				if t := &e.l.calls[i]; t.put != model.None && (t.saw != model.None || e.readers[t.put] > 0) {
					break
				}
				e.step(int32(s))
				again = true
			}
		}
	}
}

// choices returns the sessions whose next call can come next, the one invoked first before the others.
func (e *interleaving) choices() []int32 {
	var next []int32
	e.visits += len(e.at)
	for s := range e.at {
		if i := e.head(int32(s)); i != model.None && e.enabled(i) {
			next = append(next, int32(s))
		}
	}
	slices.SortFunc(next, func(a, b int32) int { return int(e.head(a) - e.head(b)) })
	return next
}

// step lets the next call of a session take effect.
func (e *interleaving) step(s int32) {
	t := &e.l.calls[e.head(s)]
	e.trail, e.previous = append(e.trail, s), append(e.previous, e.current[t.key])
	if t.saw != model.None {
		e.readers[t.saw]--
	}
	if t.put != model.None {
		e.current[t.key] = t.put
	}
	e.at[s]++
	e.done++
}

// undo undoes all steps after the first n.
func (e *interleaving) undo(n int) {
	for len(e.trail) > n {
		last := len(e.trail) - 1
		s := e.trail[last]
		e.at[s]--
		e.done--
		t := &e.l.calls[e.l.sessions[s].calls[e.at[s]]]
		if t.saw != model.None {
			e.readers[t.saw]++
		}
		e.current[t.key] = e.previous[last]
		e.trail, e.previous = e.trail[:last], e.previous[:last]
	}
}

// stuckCalls returns the calls up to the furthest point of the search, and the next of each session.
func (e *interleaving) stuckCalls() (calls []int32) {
	for s, n := range e.stuck {
		all := e.l.sessions[s].calls
		calls = append(calls, all[:min(int(n)+1, len(all))]...)
	}
	return calls
}
