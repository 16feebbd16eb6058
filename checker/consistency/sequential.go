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
// keys, that keeps the order of every session, and in which every read sees what was
// written last (Lamport, How to Make a Multiprocessor Computer, 1979). It can not be judged
// key by key. Written values must be unique.
//
// To decide it is NP-complete (Gibbons and Korach, 1997, even with unique values). So three
// questions come first that are cheap: a linearizable history is sequentially consistent, so is one
// that the writes explain in the order in which they were done, and one that is not causally
// convergent is not (the gradual checking of Bouajjani, Enea and others, 2019). What is left
// is searched: a state is how far each session has come, at most n^k of them. Reads go first
// where they may, and a value with readers left is not replaced. After a
// million states, as many as [linearizable.Steps] says, or forty million looks at a session, the answer is Unknown.
func Sequential[S comparable, In, Out any](m model.Model[S, In, Out], opts ...linearizable.Option) checker.Checker {
	return sequentially(view.Erase(m), opts...)
}

func sequentially(m view.Model, opts ...linearizable.Option) checker.Checker {
	search := keeps(m, sequential, opts...)
	return wording.Named(sequential.name, checker.Func(func(ctx context.Context, h *history.History) (res checker.Result) {
		defer recovered(&res, sequential.name, m.Name)
		s := m.Of(h)
		if n, ok := atomic(s); ok {
			return checker.Result{Checker: sequential.name, Reason: fmt.Sprintf("%s are linearizable, hence %s", words.Plural(n, "call"), sequential.kept[len("are "):])}
		}
		return search.Check(ctx, h)
	}))
}

// atomic reports whether zones show that a history is linearizable, with the number of its calls.
func atomic(s view.View) (calls int, ok bool) {
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

var sequential = rule{name: "sequential", kept: "are sequentially consistent", find: findSequential}

func findSequential(m *budget.Meter, l *logbook) (*breach, error) {
	l.strict = true
	defer func() { l.strict = false }()
	again := func(p *logbook) *breach {
		if past := newPast(p, true); past.breach() != nil {
			_, culprit := past.contradiction()
			return &breach{culprit: culprit, key: p.oneKey(), reason: past.word(culprit)}
		}
		if e := newInterleaving(p, 20_000); e.run(budget.Unlimited()) == nil && !e.found {
			return &breach{culprit: model.None, key: p.oneKey(),
				reason: fmt.Sprintf("no one order of %s keeps the order of %s and explains all answers", words.Plural(len(p.turns), "call"), words.Plural(p.processes(), "session"))}
		}
		return nil
	}
	if l.replays() {
		return nil, nil
	}
	if b := newPast(l, true).breach(); b != nil {
		return l.shrink(b.turns, again), nil
	}
	e := newInterleaving(l, 1_000_000)
	if err := e.run(m); err != nil {
		return nil, fmt.Errorf("%w after %s, %d of %s in order", err, words.Plural(e.states, "state"), e.furthest, words.Plural(len(l.turns), "call"))
	}
	if e.found {
		return nil, nil
	}
	return l.shrink(e.stuckTurns(), again), nil
}

// An interleaving looks for one order of all turns.
type interleaving struct {
	l        *logbook
	most     int
	at       []int32 // by session: how many of its turns are done
	readers  []int32 // by version: how many are left who see it
	holds    []int32 // by key: the version it has
	done     int
	furthest int
	stuck    []int32 // where each session stood when the search had come furthest
	states   int
	looks    int // at sessions
	found    bool
	tried    map[string]bool
	trail    []int32 // the sessions that made a step
	was      []int32 // what the key of each step had before it
}

func newInterleaving(l *logbook, most int) *interleaving {
	e := &interleaving{l: l, most: most, at: make([]int32, len(l.sessions)), readers: make([]int32, len(l.versions)),
		holds: make([]int32, len(l.keys)), tried: map[string]bool{}}
	for k := range e.holds {
		e.holds[k] = model.None
	}
	for i := range l.versions {
		if l.versions[i].first {
			e.holds[l.versions[i].key] = int32(i)
		}
	}
	for i := range l.turns {
		if v := l.turns[i].saw; v != model.None {
			e.readers[v]++
		}
	}
	return e
}

// mostLooks bounds how often a search looks at a session. Each state takes time and memory for
// every one of them.
const mostLooks = 40_000_000

var errStates = fmt.Errorf("the memory for the search was used up")

// run searches, depth first. It fails if it was not allowed to come to an end.
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
		if e.done == len(e.l.turns) {
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
		if !e.fresh() {
			continue
		}
		if e.states++; e.states >= e.most || e.looks >= mostLooks {
			return errStates
		}
		if !m.Step() {
			return m.Err
		}
		stack = append(stack, frame{len(e.trail), e.choices()})
	}
	return nil
}

// fresh reports whether no search went on from here yet. What the keys have needs no
// mention: of the values that were written so far, one at most has readers left.
func (e *interleaving) fresh() bool {
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

// head returns the next turn of a session, or none.
func (e *interleaving) head(s int32) int32 {
	turns := e.l.sessions[s].turns
	if int(e.at[s]) == len(turns) {
		return model.None
	}
	i := turns[e.at[s]]
	if e.at[s] == 0 {
		if q := e.l.sessions[s].parent; q != model.None && e.at[e.l.turns[q].session] <= e.l.turns[q].place {
			return model.None
		}
	}
	return i
}

// may reports whether a turn can come next.
func (e *interleaving) may(i int32) bool {
	t := &e.l.turns[i]
	has := e.holds[t.key]
	switch {
	case t.saw != model.None && t.saw != has:
		return false
	case t.put == model.None:
		return true
	case has == model.None: // nobody asks what the key began with
		return true
	case t.saw != model.None:
		return e.readers[has] == 1 // nobody but itself
	}
	return e.readers[has] == 0
}

// greedy makes all steps that can do no harm: reads, and writes that nobody sees.
func (e *interleaving) greedy() {
	for again := true; again && e.looks < mostLooks; {
		again = false
		e.looks += len(e.at)
		for s := range e.at {
			for i := e.head(int32(s)); i != model.None && e.may(i); i = e.head(int32(s)) {
				if t := &e.l.turns[i]; t.put != model.None && (t.saw != model.None || e.readers[t.put] > 0) {
					break
				}
				e.step(int32(s))
				again = true
			}
		}
	}
}

// choices returns the sessions whose next turn can come next, the one invoked first before the others.
func (e *interleaving) choices() []int32 {
	var next []int32
	e.looks += len(e.at)
	for s := range e.at {
		if i := e.head(int32(s)); i != model.None && e.may(i) {
			next = append(next, int32(s))
		}
	}
	slices.SortFunc(next, func(a, b int32) int { return int(e.head(a) - e.head(b)) })
	return next
}

func (e *interleaving) step(s int32) {
	t := &e.l.turns[e.head(s)]
	e.trail, e.was = append(e.trail, s), append(e.was, e.holds[t.key])
	if t.saw != model.None {
		e.readers[t.saw]--
	}
	if t.put != model.None {
		e.holds[t.key] = t.put
	}
	e.at[s]++
	e.done++
}

// undo takes back all steps but the first n.
func (e *interleaving) undo(n int) {
	for len(e.trail) > n {
		last := len(e.trail) - 1
		s := e.trail[last]
		e.at[s]--
		e.done--
		t := &e.l.turns[e.l.sessions[s].turns[e.at[s]]]
		if t.saw != model.None {
			e.readers[t.saw]++
		}
		e.holds[t.key] = e.was[last]
		e.trail, e.was = e.trail[:last], e.was[:last]
	}
}

// stuckTurns returns the turns up to where the search came furthest, and the next of each session.
func (e *interleaving) stuckTurns() (turns []int32) {
	for s, n := range e.stuck {
		all := e.l.sessions[s].turns
		turns = append(turns, all[:min(int(n)+1, len(all))]...)
	}
	return turns
}
