package polygraph

// A literal is 2v for side A of variable v, and 2v+1 for side B. One of the two must hold, so that B is the negation of A.
func sideOf(lit int32) int32 { return lit & 1 }

// A variable is a choice that the search knows of.
type variable struct {
	first, middle, last int32 // side A is pool[first:middle], B pool[middle:last]
	choice, span, point int32 // as Needed has them
}

// Why a variable has its value, where it is no clause.
const (
	decided = -1
	forced  = -2 // the other side closes a cycle with the arcs before since
)

// A clause is a list of literals of which one must hold, with what it was learned from.
type clause struct {
	lits  []int32
	from  []int32 // clauses
	fixed []int32 // variables of level 0 that were left out
}

// A solver searches for the sides of choices. It has many methods because each step of such a search needs the trail, the
// clauses and the graph alike.
type solver struct {
	p    *Problem
	g    *graph
	vars []variable
	pool []arc
	has  map[breach]bool // the spans' choices that are variables

	value  []int8 // 0: open, 1: A, -1: B
	level  []int32
	reason []int32
	since  []int32
	phase  []int8
	trail  []int32 // literals, in the order in which they were set
	arcs   []int32 // by position in the trail, how many arcs there were before
	head   int     // the first of the trail whose arcs are not in the graph yet
	limits []int   // the length of the trail at each decision

	clauses  []clause
	watches  [][]int32 // clauses by a literal that they watch
	activity []float64
	bump     float64
	heap     heap
	seen     []bool
	steps    int // without the graph's
}

func newSolver(p *Problem) *solver {
	s := &solver{p: p, g: newGraph(p), has: map[breach]bool{}, bump: 1}
	s.heap.s = s
	order, _ := p.incoming().sorted(p.First)
	s.g.place(order)
	for i, c := range p.Choices {
		s.add(c.A, c.B, int32(i), -1, -1)
	}
	return s
}

// add makes a variable of a choice.
func (s *solver) add(a, b []Edge, choice, span, point int32) int32 {
	v := int32(len(s.vars))
	x := variable{first: int32(len(s.pool)), choice: choice, span: span, point: point}
	for _, e := range a {
		s.pool = append(s.pool, arc{e.From, e.To, 2 * v, e.RW})
	}
	x.middle = int32(len(s.pool))
	for _, e := range b {
		s.pool = append(s.pool, arc{e.From, e.To, 2*v + 1, e.RW})
	}
	x.last = int32(len(s.pool))
	s.vars = append(s.vars, x)
	s.value = append(s.value, 0)
	s.level = append(s.level, 0)
	s.reason = append(s.reason, decided)
	s.since = append(s.since, 0)
	s.phase = append(s.phase, 0)
	s.watches = append(s.watches, nil, nil)
	s.activity = append(s.activity, 0)
	s.seen = append(s.seen, false)
	s.heap.at = append(s.heap.at, -1)
	s.heap.push(v)
	return v
}

// addBreach makes a variable of a point and a span: A puts the point before, B after.
func (s *solver) addBreach(b breach) int32 {
	sp := s.p.Spans[b.span]
	pt := s.p.Points[sp.Key][b.point]
	s.has[b] = true
	v := s.add([]Edge{{From: pt.Last, To: sp.From}}, []Edge{{From: sp.To, To: pt.First}}, -1, b.span, b.point)
	s.phase[v] = 1
	if s.g.at[pt.Last]-s.g.at[sp.From] > s.g.at[sp.To]-s.g.at[pt.First] { // the way that is shorter in the order as it is
		s.phase[v] = -1
	}
	return v
}

func (s *solver) side(lit int32) []arc {
	x := s.vars[lit/2]
	if sideOf(lit) == 0 {
		return s.pool[x.first:x.middle]
	}
	return s.pool[x.middle:x.last]
}

func (s *solver) holds(lit int32) bool { return s.value[lit/2] == 1-2*int8(sideOf(lit)) }
func (s *solver) fails(lit int32) bool { return s.value[lit/2] == 2*int8(sideOf(lit))-1 }

// set gives a literal its value; its arcs follow in propagate.
func (s *solver) set(lit, reason int32) {
	v := lit / 2
	s.value[v] = 1 - 2*int8(sideOf(lit))
	s.level[v] = int32(len(s.limits))
	s.reason[v] = reason
	s.phase[v] = s.value[v]
	s.trail = append(s.trail, lit)
	s.arcs = append(s.arcs, 0)
}

// propagate puts the arcs of what was set into the graph and sets what clauses force. It returns a clause that fails, or -1.
func (s *solver) propagate() int32 {
	for s.head < len(s.trail) {
		lit := s.trail[s.head]
		s.arcs[s.head] = int32(len(s.g.arcs))
		s.head++
		s.steps++
		for _, a := range s.side(lit) {
			if cycle, ok := s.g.insert(a); !ok {
				return s.lemma(cycle, lit)
			}
		}
		if c := s.watch(lit ^ 1); c >= 0 {
			return c
		}
	}
	return -1
}

// lemma makes the clause that not all choices of a cycle hold.
func (s *solver) lemma(cycle []int32, lit int32) int32 {
	s.steps += len(cycle)
	lits := []int32{lit ^ 1}
	if lit == known {
		lits = lits[:0]
	}
	for _, i := range cycle {
		w := s.g.arcs[i].why
		if w != known && w != lit && !contains(lits, w^1) {
			lits = append(lits, w^1)
		}
	}
	s.clauses = append(s.clauses, clause{lits: lits})
	return int32(len(s.clauses) - 1)
}

func contains(list []int32, x int32) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

// watch goes through the clauses that watch a literal which fails now.
func (s *solver) watch(failed int32) int32 {
	list := s.watches[failed]
	keep := list[:0]
	for i, c := range list {
		s.steps++
		lits := s.clauses[c].lits
		if lits[0] == failed {
			lits[0], lits[1] = lits[1], lits[0]
		}
		if s.holds(lits[0]) || !s.rewatch(c, lits) {
			keep = append(keep, c)
			if s.holds(lits[0]) {
				continue
			}
			if s.fails(lits[0]) {
				keep = append(keep, list[i+1:]...)
				s.watches[failed] = keep
				return c
			}
			s.set(lits[0], c)
		}
	}
	s.watches[failed] = keep
	return -1
}

// rewatch finds another literal for a clause to watch in place of its second.
func (s *solver) rewatch(c int32, lits []int32) bool {
	for k := 2; k < len(lits); k++ {
		if !s.fails(lits[k]) {
			lits[1], lits[k] = lits[k], lits[1]
			s.watches[lits[1]] = append(s.watches[lits[1]], c)
			return true
		}
	}
	return false
}

// back takes back all that was set after a level.
func (s *solver) back(level int) {
	if len(s.limits) <= level {
		return
	}
	n := s.limits[level]
	if s.head > n {
		s.g.cut(s.arcs[n])
		s.head = n
	}
	for _, lit := range s.trail[n:] {
		s.value[lit/2] = 0
		s.heap.push(lit / 2)
	}
	s.steps += len(s.trail) - n
	s.trail, s.arcs, s.limits = s.trail[:n], s.arcs[:n], s.limits[:level]
}

// learn resolves a clause that fails until one literal of this level is left, goes back, and sets that.
func (s *solver) learn(failed int32) {
	now := int32(len(s.limits))
	learned := clause{lits: []int32{0}}
	open, c, at := 0, failed, len(s.trail)-1
	var touched []int32
	for {
		learned.from = append(learned.from, c)
		s.steps += len(s.clauses[c].lits)
		for _, l := range s.clauses[c].lits {
			v := l / 2
			if s.seen[v] || s.holds(l) {
				continue
			}
			s.seen[v] = true
			touched = append(touched, v)
			s.raise(v)
			switch s.level[v] {
			case 0:
				learned.fixed = append(learned.fixed, v)
			case now:
				open++
			default:
				learned.lits = append(learned.lits, l)
			}
		}
		for !s.seen[s.trail[at]/2] || s.level[s.trail[at]/2] != now {
			at--
		}
		open--
		if open == 0 {
			break
		}
		c = s.reason[s.trail[at]/2]
		at--
	}
	learned.lits[0] = s.trail[at] ^ 1
	for _, v := range touched {
		s.seen[v] = false
	}
	s.bump /= 0.95
	s.keep(learned)
}

// keep adds a learned clause, goes back to where its first literal follows, and sets that.
func (s *solver) keep(c clause) {
	level := int32(0)
	for i, l := range c.lits[1:] {
		if s.level[l/2] > level {
			level = s.level[l/2]
			c.lits[1], c.lits[i+1] = c.lits[i+1], c.lits[1]
		}
	}
	s.back(int(level))
	s.clauses = append(s.clauses, c)
	n := int32(len(s.clauses) - 1)
	if len(c.lits) > 1 {
		s.watches[c.lits[0]] = append(s.watches[c.lits[0]], n)
		s.watches[c.lits[1]] = append(s.watches[c.lits[1]], n)
	}
	s.set(c.lits[0], n)
}

func (s *solver) raise(v int32) {
	s.activity[v] += s.bump
	if s.activity[v] > 1e100 {
		for i := range s.activity {
			s.activity[i] *= 1e-100
		}
		s.bump *= 1e-100
	}
	s.heap.up(v)
}

// decide sets a side of an open choice: one that the order keeps as it is, if there is one. It reports whether a choice was open.
func (s *solver) decide() bool {
	v := s.heap.pop()
	if v < 0 {
		return false
	}
	lit := 2 * v
	switch a, b := s.fits(lit), s.fits(lit+1); {
	case a && b:
		if s.phase[v] < 0 {
			lit++
		}
	case b, !a && s.phase[v] < 0:
		lit++
	}
	s.limits = append(s.limits, len(s.trail))
	s.set(lit, decided)
	return true
}

// fits reports whether all arcs of a side lead forward.
func (s *solver) fits(lit int32) bool {
	for _, a := range s.side(lit) {
		if !a.rw || s.p.Theory != Single {
			if s.g.at[a.from] >= s.g.at[a.to] {
				return false
			}
		}
	}
	return true
}

// run searches until the answer is known or the budget is used up.
func (s *solver) run() *Answer {
	switch c, a := s.start(); {
	case c >= 0:
		return s.no(c)
	case a != nil:
		return a
	}
	conflicts, restart := 0, 1
	for {
		if c := s.propagate(); c >= 0 {
			if len(s.limits) == 0 {
				return s.no(c)
			}
			s.learn(c)
			if conflicts++; conflicts >= 100*luby(restart) {
				conflicts, restart = 0, restart+1
				s.back(0)
			}
			continue
		}
		if s.steps+s.g.steps > s.p.Steps {
			return &Answer{Verdict: Unknown, Open: s.heap.open(), Steps: s.steps + s.g.steps}
		}
		if s.decide() {
			continue
		}
		missed := s.p.broken(s.g.order, s.g.at, 4)
		s.steps += len(s.p.Spans)
		if len(missed) == 0 {
			return s.yes()
		}
		s.back(0)
		for _, b := range missed {
			if !s.has[b] {
				s.addBreach(b)
			}
		}
	}
}

// start puts the known edges into the graph and forces what follows from them. It returns a clause that fails, or -1, and an answer if there
// is one at once.
func (s *solver) start() (int32, *Answer) {
	dense := s.p.Nodes <= s.p.Dense
	check := !dense && s.p.Theory == Single && s.p.hasRW() // else a look at the whole graph does that
	for _, e := range s.p.Known {
		a := arc{e.From, e.To, known, e.RW}
		if !check {
			s.g.append(a)
		} else if cycle, ok := s.g.insert(a); !ok {
			return s.lemma(cycle, known), nil
		}
	}
	if !dense {
		return -1, nil
	}
	return s.saturate()
}

func (s *solver) yes() *Answer {
	a := &Answer{Verdict: Yes, Steps: s.steps + s.g.steps}
	for v := range s.p.Choices {
		a.Taken = append(a.Taken, s.value[v] == 1)
	}
	if s.p.Theory != Single {
		a.Order = append(a.Order, s.g.order...)
	}
	return a
}

// no collects the choices of which a clause that fails at level 0 makes use.
func (s *solver) no(failed int32) *Answer {
	a := &Answer{Verdict: No, Steps: s.steps + s.g.steps}
	used := make([]bool, len(s.vars))
	done := make(map[int32]bool)
	var clauses, fixed []int32
	clauses = append(clauses, failed)
	use := func(v int32) {
		if !used[v] {
			used[v] = true
			if s.level[v] == 0 && s.value[v] != 0 {
				fixed = append(fixed, v)
			}
		}
	}
	for len(clauses)+len(fixed) > 0 {
		if n := len(fixed); n > 0 {
			v := fixed[n-1]
			fixed = fixed[:n-1]
			switch r := s.reason[v]; {
			case r >= 0:
				clauses = append(clauses, r)
			case r == forced:
				for _, w := range s.whyForced(v) {
					use(w)
				}
			}
			continue
		}
		c := clauses[len(clauses)-1]
		clauses = clauses[:len(clauses)-1]
		if done[c] {
			continue
		}
		done[c] = true
		for _, l := range s.clauses[c].lits {
			if v := l / 2; s.clauses[c].from == nil || s.level[v] == 0 && s.value[v] != 0 {
				use(l / 2)
			}
		}
		clauses = append(clauses, s.clauses[c].from...)
		for _, v := range s.clauses[c].fixed {
			use(v)
		}
	}
	for v, u := range used {
		if u {
			a.Needed = append(a.Needed, s.need(int32(v)))
		}
	}
	return a
}

func (s *solver) need(v int32) Needed {
	x := s.vars[v]
	n := Needed{Choice: int(x.choice), Span: int(x.span), Point: x.point}
	for _, e := range s.pool[x.first:x.middle] {
		n.Side.A = append(n.Side.A, Edge{From: e.from, To: e.to, RW: e.rw})
	}
	for _, e := range s.pool[x.middle:x.last] {
		n.Side.B = append(n.Side.B, Edge{From: e.from, To: e.to, RW: e.rw})
	}
	return n
}

// luby is the i-th number of the sequence 1 1 2 1 1 2 4 …, from i = 1 (Luby, Sinclair, Zuckerman 1993).
func luby(i int) int {
	for k := 1; ; k++ {
		if i == 1<<k-1 {
			return 1 << (k - 1)
		}
		if i < 1<<k-1 {
			return luby(i - (1<<(k-1) - 1))
		}
	}
}
