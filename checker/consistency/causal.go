package consistency

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// Causal returns a checker for causal consistency, CC: for each call, there is an order of its causal past that explains
// its answer and keeps happens-before. The causal past of a
// call is those before it in its session, the write that it saw, and their causal past.
//
// It finds the bad patterns of Bouajjani, Enea, Guerraoui and Hamza, On Verifying
// Causal Consistency (2017): CyclicCO, WriteCOInitRead, ThinAirRead and WriteCORead.
// Written values must be unique. It takes O(n k) for k concurrent sessions,
// as Liu and others do (AWDIT, 2025).
func Causal[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return ruleChecker(view.Erase(m), causal)
}

// CausalConvergent returns a checker for causal convergence, CCv: as [Causal], and
// one order of all writes explains all sessions, so that replicas converge. It adds
// the bad pattern CyclicCF of the same source. It takes O(n k).
func CausalConvergent[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return ruleChecker(view.Erase(m), causalConvergent)
}

var (
	causal = rule{name: "causal", holds: "are causally consistent", find: func(_ *budget.Meter, l *sessionHistory) (*violation, error) {
		return newCausalPast(l, false).violation(), nil
	}}
	causalConvergent = rule{name: "causal-convergent", holds: "are causally convergent", find: func(_ *budget.Meter, l *sessionHistory) (*violation, error) {
		return newCausalPast(l, true).violation(), nil
	}}
)

// A causalPast has the causal past of each call of a history. A call knows the calls of its causal past.
type causalPast struct {
	l      *sessionHistory
	order  []int32  // the calls, each after all of its causal past; fewer if there is a cycle
	pos    []int32  // by call: its index in order
	reach  []int32  // by call: the index of the last call that knows it
	after  []*clock // by call: what it knows of other sessions once it has returned
	base   []int32  // by call: it knows all writes to its key up to this index that still matter
	clocks clockMaker
	recent recentWrites
	known  []knownWrite // scratch: the latest writes that a call knows

	bad pattern // the first bad pattern of causal consistency

	convergent bool
	conflicts  []conflict // the conflict relation of causal convergence
}

// A knownWrite is a write that a call knows, with its index in its session.
type knownWrite struct{ call, session, index int32 }

// A pattern is a read of a write, or of the initial value, that
// knew a newer write to the key.
type pattern struct{ read, wrote, newer int32 }

// A conflict is two writes in an order that a read demands:
// it knew the first, and saw the second (Bouajjani's conflict relation CF).
type conflict struct{ first, second, read int32 }

// newCausalPast visits all calls in a causal order.
func newCausalPast(l *sessionHistory, convergent bool) *causalPast {
	n := len(l.calls)
	p := &causalPast{l: l, convergent: convergent, bad: pattern{read: model.None}}
	p.pos, p.base, p.after = make([]int32, n), make([]int32, n), make([]*clock, n)
	p.sort()
	p.findReach()
	p.recent = newRecentWrites(l)
	for _, i := range p.order {
		p.visit(i)
	}
	return p
}

// writerSeen returns the write that a call saw, or None.
func (l *sessionHistory) writerSeen(i int32) int32 {
	if t := &l.calls[i]; t.observes() {
		return l.versions[t.saw].writer
	}
	return model.None
}

// sort sets the order: each call after its causal past, and
// else as in the history. It leaves out calls that are in their own causal past.
func (p *causalPast) sort() {
	l := p.l
	waiting := map[int32][]int32{}
	done := make([]bool, len(l.calls))
	var todo []int32
	for i := range l.calls {
		for todo = append(todo[:0], int32(i)); len(todo) > 0; {
			j := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			blocked := model.None
			if w := l.writerSeen(j); w != model.None && !done[w] {
				blocked = w
			}
			if q := l.calls[j].prev; q != model.None && !done[q] {
				blocked = q
			}
			if blocked != model.None {
				waiting[blocked] = append(waiting[blocked], j)
				continue
			}
			done[j] = true
			p.pos[j] = int32(len(p.order))
			p.order = append(p.order, j)
			if w, ok := waiting[j]; ok {
				todo = append(todo, w...)
				delete(waiting, j)
			}
		}
	}
}

// findReach finds the last call in the order that knows each call.
func (p *causalPast) findReach() {
	p.reach = make([]int32, len(p.l.calls))
	for n := len(p.order) - 1; n >= 0; n-- {
		i := p.order[n]
		p.reach[i] = max(p.reach[i], int32(n))
		for _, q := range [...]int32{p.l.calls[i].prev, p.l.writerSeen(i)} {
			if q != model.None {
				p.reach[q] = max(p.reach[q], p.reach[i])
			}
		}
	}
}

// before returns what a call knows of other sessions from the call before it.
func (p *causalPast) before(i int32) *clock {
	prev := p.l.calls[i].prev
	if prev == model.None {
		return zeroClock
	}
	c, t := p.after[prev], &p.l.calls[prev]
	if t.session != p.l.calls[i].session {
		c = p.clocks.with(c, t.session, t.index+1)
	}
	return c
}

// knows reports whether call a is in the causal past of call b, another one.
func (p *causalPast) knows(b, a int32) bool {
	s, t := &p.l.calls[a], &p.l.calls[b]
	if s.session == t.session {
		return s.index < t.index
	}
	return p.after[b].of(s.session) > s.index
}

// visit sets what a call knows, and judges what it saw.
func (p *causalPast) visit(i int32) {
	l := p.l
	t := &l.calls[i]
	c := p.before(i)
	switch {
	case t.observes():
		p.base[i] = p.latest(i, c)
		w := l.versions[t.saw].writer
		p.judge(i, w)
		if w != model.None {
			p.base[i] = max(p.base[i], p.base[w])
			if l.calls[w].session != t.session {
				c = p.clocks.learn(c, p.after[w], l.calls[w].session, l.calls[w].index+1)
			}
		}
	case t.prev != model.None && l.calls[t.prev].key == t.key:
		p.base[i] = p.base[t.prev] // it knows the same, or more
	default:
		p.base[i] = p.latest(i, c)
	}
	p.after[i] = c
	if t.put != model.None {
		p.recent.add(l.versions[t.put].chain, t.key, t.session, writeMark{i, t.index, p.pos[i], p.reach[i], p.base[i]})
	}
}

// judge compares the write that a call saw with those that it knew of.
func (p *causalPast) judge(i, w int32) {
	var at *clock
	var t sessionCall
	if w != model.None {
		at, t = p.after[w], p.l.calls[w]
	}
	for _, f := range p.known {
		switch {
		case f.call == w:
		case w == model.None:
			p.report(pattern{i, w, f.call})
		case f.session == t.session && f.index < t.index || f.session != t.session && at.of(f.session) > f.index:
			// the write that it saw is newer
		case p.knows(f.call, w):
			p.report(pattern{i, w, f.call})
		case p.convergent:
			if n := len(p.conflicts); n == cap(p.conflicts) {
				p.conflicts = slices.Grow(p.conflicts, n+1) // there may be many
			}
			p.conflicts = append(p.conflicts, conflict{f.call, w, i})
		}
	}
}

// report records a bad pattern, if it is the first to return.
func (p *causalPast) report(b pattern) {
	if p.bad.read == model.None || p.l.calls[b.read].Ret < p.l.calls[p.bad.read].Ret {
		p.bad = b
	}
}

// A recentWrites lists, for each key, the chains of its writes, the one with the latest write first.
type recentWrites struct {
	chains []chainProgress
	head   []int32 // by key
}

// A chainProgress is how far a chain has been visited, and its latest write.
type chainProgress struct {
	newer, older int32
	session      int32
	last         writeMark
	marks        []writeMark // of all its writes so far
	indexes      []int32     // the indexes of marks, for the search
}

// A writeMark is a write as [causalPast.latest] needs it.
type writeMark struct {
	call, index int32
	pos, reach  int32 // its index in the order, and that of the last call that knows it
	base        int32 // it knows all writes to its key up to this index that still matter
}

// newRecentWrites returns empty lists with room for all writes.
func newRecentWrites(l *sessionHistory) recentWrites {
	r := recentWrites{chains: make([]chainProgress, len(l.chains)), head: make([]int32, len(l.keys))}
	for i := range r.head {
		r.head[i] = model.None
	}
	marks, places := make([]writeMark, len(l.calls)), make([]int32, len(l.calls))
	for c := range l.chains {
		n := len(l.chains[c])
		r.chains[c].marks, marks = marks[:0:n], marks[n:]
		r.chains[c].indexes, places = places[:0:n], places[n:]
	}
	return r
}

// add adds a write to a chain, and moves the chain to the head of its key's list.
func (r *recentWrites) add(c, key, session int32, w writeMark) {
	x := &r.chains[c]
	x.session, x.last, x.marks, x.indexes = session, w, append(x.marks, w), append(x.indexes, w.index)
	if r.head[key] == c {
		return
	}
	if len(x.marks) > 1 {
		r.chains[x.newer].older = x.older
		if o := x.older; o != model.None {
			r.chains[o].newer = x.newer
		}
	}
	x.older = r.head[key]
	if h := r.head[key]; h != model.None {
		r.chains[h].newer = c
	}
	r.head[key] = c
}

// latest sets known to the latest writes to a call's key that the call knows: one of each
// session, without some that another of them knows. It returns the index up
// to which the call knows all writes to the key that still matter.
func (p *causalPast) latest(i int32, c *clock) int32 {
	l, now := p.l, p.pos[i]
	t := &l.calls[i]
	p.known = p.known[:0]
	base, low := model.None, now
	if len(c.top) == 0 { // it knows its own session only
		if x, ok := l.chainOf[[2]int32{t.key, t.session}]; ok && len(p.recent.chains[x].marks) > 0 {
			last := &p.recent.chains[x].last
			p.known = append(p.known, knownWrite{last.call, t.session, last.index})
		}
		return model.None
	}
	for x := p.recent.head[t.key]; x != model.None; x = p.recent.chains[x].older {
		r := &p.recent.chains[x]
		if r.last.pos <= base {
			break // one of those found knows all that are left
		}
		n := t.index
		if r.session != t.session {
			n = c.of(r.session)
		}
		if r.last.index < n {
			p.known = append(p.known, knownWrite{r.last.call, r.session, r.last.index})
			base = max(base, r.last.base)
			continue
		}
		m := countBelow(r.indexes, n)
		if m > 0 {
			f := &r.marks[m-1]
			p.known = append(p.known, knownWrite{f.call, r.session, f.index})
			base = max(base, f.base)
		}
		if f := &r.marks[m]; f.reach >= now {
			low = min(low, f.pos-1)
		}
	}
	return max(base, low)
}

// countBelow returns how many of these sorted indexes are less than n. It searches from the end, in growing steps.
func countBelow(places []int32, n int32) int {
	if n == 0 {
		return 0
	}
	hi, step := len(places), 1
	for hi > 0 && places[hi-1] >= n {
		lo := max(0, hi-step)
		if places[lo] >= n {
			hi, step = lo, step*2
			continue
		}
		for lo+1 < hi { // places[lo] is before
			if mid := (lo + hi) / 2; places[mid] >= n {
				hi = mid
			} else {
				lo = mid
			}
		}
		return lo + 1
	}
	return hi
}

// violation returns a counterexample, or nil.
func (p *causalPast) violation() *violation {
	calls, _ := p.contradiction()
	if calls == nil {
		return nil
	}
	return p.l.minimise(calls, func(l *sessionHistory) *violation {
		p := newCausalPast(l, p.convergent)
		calls, blamed := p.contradiction()
		if calls == nil {
			return nil
		}
		b := &violation{calls: calls, blamed: blamed, key: l.onlyKey()}
		b.reason = p.reason(blamed)
		return b
	})
}

// onlyKey returns the key of all calls, or None if they are on several.
func (l *sessionHistory) onlyKey() int32 {
	for i := range l.calls {
		if l.calls[i].key != l.calls[0].key {
			return model.None
		}
	}
	return l.calls[0].key
}

// contradiction returns calls that violate the rule, and the one that shows it.
func (p *causalPast) contradiction() (calls []int32, blamed int32) {
	if len(p.order) < len(p.l.calls) {
		return p.cycle(), model.None
	}
	if b := p.bad; b.read != model.None {
		calls = append(p.path(b.newer, b.read), b.wrote)
		if b.wrote != model.None {
			calls = append(calls, p.path(b.wrote, b.newer)...)
		}
		return calls, b.read
	}
	for _, c := range p.conflictCycle() {
		calls = append(calls, p.path(c.first, c.read)...)
		calls = append(calls, c.second)
		blamed = max(blamed, c.read)
	}
	if calls != nil {
		calls = append(calls, p.connecting(calls)...)
	}
	return calls, blamed
}

// connecting returns the calls by which those given know each other.
func (p *causalPast) connecting(calls []int32) (more []int32) {
	if len(calls) > 60 {
		return nil
	}
	for _, a := range calls {
		for _, b := range calls {
			if a != b && p.knows(b, a) {
				more = append(more, p.path(a, b)...)
			}
		}
	}
	return more
}

// path returns the calls by which b knows a: the reads on the way, and the
// writes that these saw.
func (p *causalPast) path(a, b int32) []int32 {
	l := p.l
	calls := []int32{a, b}
	for a != b {
		s, t := &l.calls[a], &l.calls[b]
		if s.session == t.session {
			return calls
		}
		session := l.sessions[t.session]
		// The first call of the session that knows a has learned of it from what it saw.
		at, _ := slices.BinarySearchFunc(session.calls, 0, func(j int32, _ int) int {
			if p.after[j].of(s.session) > s.index {
				return 1
			}
			return -1
		})
		j := session.calls[at]
		if w := l.writerSeen(j); at > 0 || w != model.None && (w == a || p.knows(w, a)) {
			calls = append(calls, j, w)
			b = w
		} else {
			b = session.parent
			calls = append(calls, b)
		}
	}
	return calls
}

// cycle returns a cycle of calls that are in each other's causal past.
func (p *causalPast) cycle() []int32 {
	l := p.l
	sorted := make([]bool, len(l.calls))
	for _, i := range p.order {
		sorted[i] = true
	}
	at := int32(slices.Index(sorted, false))
	met := map[int32]int{}
	var walk []int32
	for {
		if n, ok := met[at]; ok {
			return walk[n:]
		}
		met[at] = len(walk)
		walk = append(walk, at)
		if w := l.writerSeen(at); w != model.None && !sorted[w] {
			at = w
		} else {
			at = l.calls[at].prev
		}
	}
}

// reason returns the violation in one sentence.
func (p *causalPast) reason(blamed int32) string {
	l := p.l
	b := p.bad
	switch {
	case blamed == model.None:
		return fmt.Sprintf("no order of %s puts causes before effects: each happened before the next, and the last before the first", words.Plural(len(l.calls), "call"))
	case b.read == model.None:
		return p.conflictReason()
	case b.wrote == model.None:
		return fmt.Sprintf("%s %s, though the write of %s by %s happened before that", l.process(b.read), l.describeRead(b.read),
			l.value(l.calls[b.newer].put), l.process(b.newer))
	}
	return fmt.Sprintf("%s %s, though the write of %s by %s, which happened before, had replaced it", l.process(b.read), l.describeRead(b.read),
		l.value(l.calls[b.newer].put), l.process(b.newer))
}
