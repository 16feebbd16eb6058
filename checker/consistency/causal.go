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

// Causal returns a checker for causal consistency, CC: whatever a session answers
// is explained by some order of all it knew, in which causes come before effects. A
// call knows those before it in its session, the write it saw, and all that they know.
//
// It looks for the bad patterns of Bouajjani, Enea, Guerraoui and Hamza, On Verifying
// Causal Consistency (2017): CyclicCO, WriteCOInitRead, ThinAirRead and WriteCORead.
// Written values must be unique. It takes O(n k) for k sessions that are busy at a time,
// as Liu and others do (AWDIT, 2025).
func Causal[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return keeps(view.Erase(m), causal)
}

// CausalConvergent returns a checker for causal convergence, CCv: as [Causal], and
// there is one order of all writes that explains all sessions, so that replicas come to agree. It adds
// the bad pattern CyclicCF, for the same source. It takes O(n k).
func CausalConvergent[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return keeps(view.Erase(m), causalConvergent)
}

var (
	causal = rule{name: "causal", kept: "are causally consistent", find: func(_ *budget.Meter, l *logbook) (*breach, error) {
		return newPast(l, false).breach(), nil
	}}
	causalConvergent = rule{name: "causal-convergent", kept: "are causally convergent", find: func(_ *budget.Meter, l *logbook) (*breach, error) {
		return newPast(l, true).breach(), nil
	}}
)

// A past knows what each turn of a logbook knew: its causal past.
type past struct {
	l      *logbook
	order  []int32  // the turns, each after all that it knows; fewer if there is a cycle
	pos    []int32  // by turn: where it stands in the order
	reach  []int32  // by turn: where the last turn stands that knows it
	after  []*clock // by turn: what is known of other sessions once it is done
	base   []int32  // by turn: all writes to its key up to this place that still matter are known once it is done
	clocks clockwork
	recent recency
	seen   []glimpse // scratch: the latest writes that a turn knows

	bad pattern // the first of those that causal consistency forbids

	convergent bool
	forced     []conflicted // what causal convergence demands on top
}

// A glimpse is a write that a turn knows, with its place in its session.
type glimpse struct{ turn, session, place int32 }

// A pattern is a read that saw a write, or the initial value, of which it knew
// that another had replaced it.
type pattern struct{ read, wrote, newer int32 }

// A conflicted pair of writes is one of which a read says that the one came before the other:
// it knew the first, and saw the second.
type conflicted struct{ first, second, read int32 }

func newPast(l *logbook, convergent bool) *past {
	n := len(l.turns)
	p := &past{l: l, convergent: convergent, bad: pattern{read: model.None}}
	p.pos, p.base, p.after = make([]int32, n), make([]int32, n), make([]*clock, n)
	p.sort()
	p.lastly()
	p.recent = newRecency(l)
	for _, i := range p.order {
		p.visit(i)
	}
	return p
}

// source returns the write that a turn saw, or none.
func (l *logbook) source(i int32) int32 {
	if t := &l.turns[i]; t.observes() {
		return l.versions[t.saw].writer
	}
	return model.None
}

// sort puts the turns in an order in which each comes after those that it knows, and
// else in that of the history. Turns that know themselves are left out.
func (p *past) sort() {
	l := p.l
	waiting := map[int32][]int32{}
	done := make([]bool, len(l.turns))
	var todo []int32
	for i := range l.turns {
		for todo = append(todo[:0], int32(i)); len(todo) > 0; {
			j := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			blocked := model.None
			if w := l.source(j); w != model.None && !done[w] {
				blocked = w
			}
			if q := l.turns[j].prev; q != model.None && !done[q] {
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

// lastly finds out how far the knowledge of each turn reaches.
func (p *past) lastly() {
	p.reach = make([]int32, len(p.l.turns))
	for n := len(p.order) - 1; n >= 0; n-- {
		i := p.order[n]
		p.reach[i] = max(p.reach[i], int32(n))
		for _, q := range [...]int32{p.l.turns[i].prev, p.l.source(i)} {
			if q != model.None {
				p.reach[q] = max(p.reach[q], p.reach[i])
			}
		}
	}
}

// before returns what a turn knew of other sessions before it saw anything.
func (p *past) before(i int32) *clock {
	prev := p.l.turns[i].prev
	if prev == model.None {
		return noClock
	}
	c, t := p.after[prev], &p.l.turns[prev]
	if t.session != p.l.turns[i].session {
		c = p.clocks.with(c, t.session, t.place+1)
	}
	return c
}

// knows reports whether turn b knows turn a, another one.
func (p *past) knows(b, a int32) bool {
	s, t := &p.l.turns[a], &p.l.turns[b]
	if s.session == t.session {
		return s.place < t.place
	}
	return p.after[b].of(s.session) > s.place
}

// visit finds out what a turn knows, and judges what it saw.
func (p *past) visit(i int32) {
	l := p.l
	t := &l.turns[i]
	c := p.before(i)
	switch {
	case t.observes():
		p.base[i] = p.latest(i, c)
		w := l.versions[t.saw].writer
		p.judge(i, w)
		if w != model.None {
			p.base[i] = max(p.base[i], p.base[w])
			if l.turns[w].session != t.session {
				c = p.clocks.learn(c, p.after[w], l.turns[w].session, l.turns[w].place+1)
			}
		}
	case t.prev != model.None && l.turns[t.prev].key == t.key:
		p.base[i] = p.base[t.prev] // it knows no less
	default:
		p.base[i] = p.latest(i, c)
	}
	p.after[i] = c
	if t.put != model.None {
		p.recent.add(l.versions[t.put].chain, t.key, t.session, mark{i, t.place, p.pos[i], p.reach[i], p.base[i]})
	}
}

// judge compares the write that a turn saw with those that it knew of.
func (p *past) judge(i, w int32) {
	var at *clock
	var t turn
	if w != model.None {
		at, t = p.after[w], p.l.turns[w]
	}
	for _, f := range p.seen {
		switch {
		case f.turn == w:
		case w == model.None:
			p.complain(pattern{i, w, f.turn})
		case f.session == t.session && f.place < t.place || f.session != t.session && at.of(f.session) > f.place:
			// what was seen came later
		case p.knows(f.turn, w):
			p.complain(pattern{i, w, f.turn})
		case p.convergent:
			if n := len(p.forced); n == cap(p.forced) {
				p.forced = slices.Grow(p.forced, n+1) // there may be many
			}
			p.forced = append(p.forced, conflicted{f.turn, w, i})
		}
	}
}

func (p *past) complain(b pattern) {
	if p.bad.read == model.None || p.l.turns[b.read].Ret < p.l.turns[p.bad.read].Ret {
		p.bad = b
	}
}

// A recency lists, for each key, the chains of its writes, the one with the latest write first.
type recency struct {
	chains []progress
	head   []int32 // by key
}

// A progress is how far a chain has been visited, and its latest write.
type progress struct {
	newer, older int32
	session      int32
	last         mark
	marks        []mark  // of all its writes so far
	places       []int32 // theirs, apart, for these are searched
}

// A mark is what is asked of a write by those who look for the latest that they know.
type mark struct {
	turn, place int32
	pos, reach  int32 // where it stands in the order, and the last turn that knows it
	base        int32 // all writes to its key up to this place that still matter are known to it
}

func newRecency(l *logbook) recency {
	r := recency{chains: make([]progress, len(l.chains)), head: make([]int32, len(l.keys))}
	for i := range r.head {
		r.head[i] = model.None
	}
	marks, places := make([]mark, len(l.turns)), make([]int32, len(l.turns))
	for c := range l.chains {
		n := len(l.chains[c])
		r.chains[c].marks, marks = marks[:0:n], marks[n:]
		r.chains[c].places, places = places[:0:n], places[n:]
	}
	return r
}

// add tells of one more write on a chain.
func (r *recency) add(c, key, session int32, w mark) {
	x := &r.chains[c]
	x.session, x.last, x.marks, x.places = session, w, append(x.marks, w), append(x.places, w.place)
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

// latest collects the writes to the key of a turn that it knows from before: the
// last one of each session, but for some that another of them knows. It returns the place up
// to which all writes to the key that still matter are known to the turn.
func (p *past) latest(i int32, c *clock) int32 {
	l, now := p.l, p.pos[i]
	t := &l.turns[i]
	p.seen = p.seen[:0]
	base, low := model.None, now
	if len(c.top) == 0 { // it knows its own session only
		if x, ok := l.chainOf[[2]int32{t.key, t.session}]; ok && len(p.recent.chains[x].marks) > 0 {
			last := &p.recent.chains[x].last
			p.seen = append(p.seen, glimpse{last.turn, t.session, last.place})
		}
		return model.None
	}
	for x := p.recent.head[t.key]; x != model.None; x = p.recent.chains[x].older {
		r := &p.recent.chains[x]
		if r.last.pos <= base {
			break // those left are known to one of those seen
		}
		n := t.place
		if r.session != t.session {
			n = c.of(r.session)
		}
		if r.last.place < n {
			p.seen = append(p.seen, glimpse{r.last.turn, r.session, r.last.place})
			base = max(base, r.last.base)
			continue
		}
		m := within(r.places, n)
		if m > 0 {
			f := &r.marks[m-1]
			p.seen = append(p.seen, glimpse{f.turn, r.session, f.place})
			base = max(base, f.base)
		}
		if f := &r.marks[m]; f.reach >= now {
			low = min(low, f.pos-1)
		}
	}
	return max(base, low)
}

// within returns how many of these places, which ascend, are less than n. It looks from the end.
func within(places []int32, n int32) int {
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

// breach returns a counterexample, if there is one.
func (p *past) breach() *breach {
	turns, _ := p.contradiction()
	if turns == nil {
		return nil
	}
	return p.l.shrink(turns, func(l *logbook) *breach {
		p := newPast(l, p.convergent)
		turns, culprit := p.contradiction()
		if turns == nil {
			return nil
		}
		b := &breach{turns: turns, culprit: culprit, key: l.oneKey()}
		b.reason = p.word(culprit)
		return b
	})
}

// oneKey returns the key of all turns, or none if they are on several.
func (l *logbook) oneKey() int32 {
	for i := range l.turns {
		if l.turns[i].key != l.turns[0].key {
			return model.None
		}
	}
	return l.turns[0].key
}

// contradiction returns turns that break the rule, with the one that shows it.
func (p *past) contradiction() (turns []int32, culprit int32) {
	if len(p.order) < len(p.l.turns) {
		return p.cycle(), model.None
	}
	if b := p.bad; b.read != model.None {
		turns = append(p.path(b.newer, b.read), b.wrote)
		if b.wrote != model.None {
			turns = append(turns, p.path(b.wrote, b.newer)...)
		}
		return turns, b.read
	}
	for _, c := range p.conflicts() {
		turns = append(turns, p.path(c.first, c.read)...)
		turns = append(turns, c.second)
		culprit = max(culprit, c.read)
	}
	if turns != nil {
		turns = append(turns, p.links(turns)...)
	}
	return turns, culprit
}

// links returns the turns by which those that are given know each other.
func (p *past) links(turns []int32) (more []int32) {
	if len(turns) > 60 {
		return nil
	}
	for _, a := range turns {
		for _, b := range turns {
			if a != b && p.knows(b, a) {
				more = append(more, p.path(a, b)...)
			}
		}
	}
	return more
}

// path returns the turns by which b knows a: the reads that told of it, and the
// writes that those saw.
func (p *past) path(a, b int32) []int32 {
	l := p.l
	turns := []int32{a, b}
	for a != b {
		s, t := &l.turns[a], &l.turns[b]
		if s.session == t.session {
			return turns
		}
		session := l.sessions[t.session]
		// The first turn of the session that knows of a has just been told.
		at, _ := slices.BinarySearchFunc(session.turns, 0, func(j int32, _ int) int {
			if p.after[j].of(s.session) > s.place {
				return 1
			}
			return -1
		})
		j := session.turns[at]
		if w := l.source(j); at > 0 || w != model.None && (w == a || p.knows(w, a)) {
			turns = append(turns, j, w)
			b = w
		} else {
			b = session.parent
			turns = append(turns, b)
		}
	}
	return turns
}

// cycle returns turns that know themselves.
func (p *past) cycle() []int32 {
	l := p.l
	sorted := make([]bool, len(l.turns))
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
		if w := l.source(at); w != model.None && !sorted[w] {
			at = w
		} else {
			at = l.turns[at].prev
		}
	}
}

// word says in one sentence what contradicts itself.
func (p *past) word(culprit int32) string {
	l := p.l
	b := p.bad
	switch {
	case culprit == model.None:
		return fmt.Sprintf("no order of %s puts causes before effects: each could know of the next, and the last of the first", words.Plural(len(l.turns), "call"))
	case b.read == model.None:
		return p.wordConflicts()
	case b.wrote == model.None:
		return fmt.Sprintf("%s %s, though it could know %s by then, which %s had written", l.who(b.read), l.told(b.read),
			l.text(l.turns[b.newer].put), l.who(b.newer))
	}
	return fmt.Sprintf("%s %s, though it could know %s by then, which %s had written over it", l.who(b.read), l.told(b.read),
		l.text(l.turns[b.newer].put), l.who(b.newer))
}
