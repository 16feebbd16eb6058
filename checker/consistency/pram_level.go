package consistency

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// A levelOrder is memory for the search of an order of calls with the same bound: a level. Each
// level stamps what it uses, so that none needs to be cleared.
type levelOrder struct {
	number  int32    // of the level
	at      stamped  // by call: its index in the level
	saw     stamped  // by key: which of the writes was read
	members []target // all calls that need an order
	pairs   []conflict
}

func newLevelOrder(l *sessionHistory) levelOrder {
	return levelOrder{at: stamps(len(l.calls)), saw: stamps(len(l.keys))}
}

// orderLevels reports whether the calls with the same bound
// have an order, for each bound that is marked.
func (s *serialView) orderLevels() bool {
	if !s.anyUnordered {
		return true
	}
	all := s.level.members[:0]
	for _, i := range s.entered {
		if by := s.by.get(i, s.session); s.unordered.get(by, s.session) != model.None {
			all = append(all, target{i, by})
		}
	}
	sorting.Stable(all, func(a, b target) int { return int(a.by - b.by) })
	s.level.members = all
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].by == all[0].by {
			n++
		}
		if !s.ordered(all[:n]) {
			return false
		}
		all = all[n:]
	}
	return true
}

// ordered reports whether these calls, all with the same bound, have an order: after
// their causes, and before what a read of their key saw.
func (s *serialView) ordered(calls []target) bool {
	v := &s.level
	v.number++
	for n, d := range calls {
		v.at.set(d.call, v.number, int32(n))
		if key := s.causes[d.call].key; key != model.None && s.read.get(d.call, s.session) != model.None {
			if v.saw.get(key, v.number) != model.None {
				return false
			}
			v.saw.set(key, v.number, d.call)
		}
	}
	v.pairs = v.pairs[:0]
	for n, d := range calls {
		for _, c := range s.causes[d.call].causes {
			if c == model.None {
				continue
			}
			if m := v.at.get(c, v.number); m != model.None {
				v.pairs = append(v.pairs, conflict{first: m, second: int32(n)})
			}
		}
		key := s.causes[d.call].key
		if key == model.None {
			continue
		}
		if w := v.saw.get(key, v.number); w != model.None && w != d.call {
			v.pairs = append(v.pairs, conflict{first: int32(n), second: v.at.get(w, v.number)})
		}
	}
	return acyclic(len(calls), v.pairs)
}

// acyclic reports whether a graph of n nodes has no cycle (Kahn 1962).
func acyclic(n int, pairs []conflict) bool {
	next := newEdges(n, pairs)
	left := make([]int32, n)
	for _, c := range pairs {
		left[c.second]++
	}
	var todo []int32
	for i, l := range left {
		if l == 0 {
			todo = append(todo, int32(i))
		}
	}
	done := 0
	for ; len(todo) > 0; done++ {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, j := range next.of(i) {
			if left[j]--; left[j] == 0 {
				todo = append(todo, j)
			}
		}
	}
	return done == n
}

// violation returns a counterexample from the session at which run ended. It tries its last calls first, then more of them.
func (s *serialView) violation(at int32) *violation {
	calls := s.l.sessions[s.session].calls
	end, _ := slices.BinarySearch(calls, at)
	var p *causalPast
	if s.causal {
		p = newCausalPast(s.l, false)
	}
	for size := 8; ; size *= 4 {
		from := max(0, end+1-size)
		some := s.involved(p, calls[from:end+1])
		if from == 0 {
			return s.l.minimise(some, serialViolation(s.causal))
		}
		if b := s.l.tryMinimise(some, serialViolation(s.causal)); b != nil {
			return b
		}
	}
}

// involved adds to calls of the session what they saw, and the writes that had to be
// seen earlier because of them.
func (s *serialView) involved(p *causalPast, calls []int32) []int32 {
	l := s.l
	all := slices.Clone(calls)
	link := func(f, i int32) {
		all = append(all, f)
		if p != nil && p.knows(i, f) {
			all = append(all, p.path(f, i)...)
			return
		}
		for _, j := range calls { // the read that made it known
			if w := l.writerSeen(j); w != model.None && l.calls[w].session == l.calls[f].session && l.calls[w].index >= l.calls[f].index {
				all = append(all, w)
				return
			}
		}
	}
	for _, c := range s.lowered {
		if c.read >= calls[0] {
			link(c.first, c.read)
		}
	}
	for _, i := range calls {
		for _, f := range s.writes[l.calls[i].key] {
			if len(all) < 3000 && l.calls[i].observes() {
				link(f, calls[len(calls)-1])
			}
		}
	}
	return all
}

// serialViolation returns the function that judges a part of the history.
func serialViolation(causal bool) func(*sessionHistory) *violation {
	return func(l *sessionHistory) *violation {
		if causal {
			p := newCausalPast(l, false)
			if calls, blamed := p.contradiction(); calls != nil {
				return &violation{calls: calls, blamed: blamed, key: l.onlyKey(), reason: p.reason(blamed)}
			}
		}
		part := newSerialView(l, causal)
		for i := range l.sessions {
			if at, ok, _ := part.run(budget.Unlimited(), int32(i)); !ok {
				return &violation{blamed: at, key: l.onlyKey(), reason: part.reason(at)}
			}
		}
		return nil
	}
}

// reason says which answer no order explains.
func (s *serialView) reason(at int32) string {
	l := s.l
	what := "keeps the order of each session"
	if s.causal {
		what = "puts causes before effects"
	}
	reads := 0
	for _, i := range l.sessions[s.session].calls {
		reads += view.BoolInt(l.calls[i].observes())
	}
	if t := &l.calls[at]; t.observes() {
		return fmt.Sprintf("no order of %s that %s explains what %s saw: it %s last", words.Plural(l.writes(), "write"), what, l.process(at), l.describeRead(at))
	}
	return fmt.Sprintf("no order of %s that %s explains the %s of %s", words.Plural(l.writes(), "write"), what, words.Plural(reads, "read"), l.process(at))
}
