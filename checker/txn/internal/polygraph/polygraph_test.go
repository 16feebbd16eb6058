package polygraph

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"testing"
)

// matrix is a relation over a few nodes.
type matrix [8][8]bool

func (m matrix) after(o matrix) (r matrix) {
	for i := range m {
		for j := range m {
			for k := range m {
				r[i][k] = r[i][k] || m[i][j] && o[j][k]
			}
		}
	}
	return r
}

func (m matrix) or(o matrix) matrix {
	for i := range m {
		for j := range m {
			m[i][j] = m[i][j] || o[i][j]
		}
	}
	return m
}

func (m matrix) closed() matrix {
	for range 4 {
		m = m.or(m.after(m))
	}
	return m
}

func (m matrix) reflexive() bool {
	for i := range m {
		if m[i][i] {
			return true
		}
	}
	return false
}

// allowed says by the definition of each theory, over relations, whether edges may stand together.
func allowed(t Theory, es []Edge) bool {
	var dep, rw matrix
	for _, e := range es {
		if e.RW {
			rw[e.From][e.To] = true
		} else {
			dep[e.From][e.To] = true
		}
	}
	switch t {
	case Acyclic:
		return !dep.or(rw).closed().reflexive()
	case Snapshot: // (dep ; rw?)+ is irreflexive: Cerone and Gotsman, Analysing snapshot isolation (2018)
		return !dep.or(dep.after(rw)).closed().reflexive()
	}
	d := dep.closed() // (dep+ ; rw?) is irreflexive
	return !d.or(d.after(rw)).reflexive()
}

// all lists the choices of a problem with those of its spans.
func (p *Problem) all() []Choice {
	cs := append([]Choice(nil), p.Choices...)
	for _, s := range p.Spans {
		for i, v := range p.Points[s.Key] {
			if int32(i) != s.Own {
				cs = append(cs, Choice{A: []Edge{{From: v.Last, To: s.From}}, B: []Edge{{From: s.To, To: v.First}}})
			}
		}
	}
	return cs
}

func possible(t Theory, known []Edge, cs []Choice) bool {
	if !allowed(t, known) {
		return false
	}
	if len(cs) == 0 {
		return true
	}
	known = known[:len(known):len(known)]
	return possible(t, append(known, cs[0].A...), cs[1:]) || possible(t, append(known, cs[0].B...), cs[1:])
}

func random(r *rand.Rand) *Problem {
	n := 2 + r.IntN(5)
	p := &Problem{Nodes: n, Theory: Theory(r.IntN(3)), Dense: r.IntN(2)*100 - 1}
	edge := func() Edge {
		e := Edge{From: int32(r.IntN(n)), To: int32(r.IntN(n - 1)), RW: r.IntN(3) == 0}
		if e.To >= e.From {
			e.To++
		}
		return e
	}
	for range r.IntN(n + 1) {
		p.Known = append(p.Known, edge())
	}
	for range r.IntN(7) {
		var c Choice
		for range 1 + r.IntN(2) {
			c.A = append(c.A, edge())
		}
		for range 1 + r.IntN(2) {
			c.B = append(c.B, edge())
		}
		p.Choices = append(p.Choices, c)
	}
	if p.Theory == Acyclic {
		p.Points = make([][]Point, 2)
		for k := range p.Points {
			for range r.IntN(4) {
				e := edge()
				if r.IntN(2) == 0 {
					e.To = e.From
				} else {
					p.Known = append(p.Known, Edge{From: e.From, To: e.To})
				}
				p.Points[k] = append(p.Points[k], Point{e.From, e.To})
			}
		}
		spans := 3
		if r.IntN(2) == 0 { // as those that schedules are for
			p.Choices, spans = nil, 6
		}
		for range r.IntN(spans) {
			e := edge()
			p.Spans = append(p.Spans, Span{Key: int32(r.IntN(2)), From: e.From, To: e.To, Own: int32(r.IntN(4) - 1)})
			p.Known = append(p.Known, Edge{From: e.From, To: e.To})
		}
	}
	if r.IntN(2) == 0 {
		for _, v := range r.Perm(n) {
			p.First = append(p.First, int32(v))
		}
	}
	return p
}

// check holds an answer to the definition.
func check(p *Problem, a *Answer) error {
	cs := p.all()
	if a.Verdict == Unknown {
		return fmt.Errorf("unknown without a budget")
	}
	if want := possible(p.Theory, p.Known, cs); want != (a.Verdict == Yes) {
		return fmt.Errorf("possible %v, answer %v", want, a.Verdict)
	}
	if a.Verdict == Yes {
		return checkYes(p, a)
	}
	var needed []Choice
	for _, n := range a.Needed {
		needed = append(needed, n.Side)
	}
	if possible(p.Theory, p.Known, needed) {
		return fmt.Errorf("the %d choices that are needed can be kept", len(needed))
	}
	for i := range needed {
		less := append(append([]Choice(nil), needed[:i]...), needed[i+1:]...)
		if !possible(p.Theory, p.Known, less) {
			return fmt.Errorf("choice %d of %d is not needed", i, len(needed))
		}
	}
	if a.Cases == nil {
		return fmt.Errorf("no cases")
	}
	return checkCases(p, a, a.Cases, p.Known)
}

func checkYes(p *Problem, a *Answer) error {
	es := append([]Edge(nil), p.Known...)
	for i, c := range p.Choices {
		if a.Taken[i] {
			es = append(es, c.A...)
		} else {
			es = append(es, c.B...)
		}
	}
	if !allowed(p.Theory, es) {
		return fmt.Errorf("the sides taken close a cycle")
	}
	if p.Theory == Single {
		return nil
	}
	at := map[int32]int{}
	for i, v := range a.Order {
		at[v] = i
	}
	for _, e := range es {
		if p.Theory == Snapshot {
			e = event(e)
		}
		if at[e.From] >= at[e.To] {
			return fmt.Errorf("edge %v goes against the order", e)
		}
	}
	for _, s := range p.Spans {
		for i, v := range p.Points[s.Key] {
			if int32(i) != s.Own && at[v.Last] >= at[s.From] && at[v.First] <= at[s.To] {
				return fmt.Errorf("point %d lies in span %v", v, s)
			}
		}
	}
	return nil
}

func checkCases(p *Problem, a *Answer, c *Case, have []Edge) error {
	have = have[:len(have):len(have)]
	if c.Cycle == nil {
		side := a.Needed[c.Need].Side
		if err := checkCases(p, a, c.A, append(have, side.A...)); err != nil {
			return err
		}
		return checkCases(p, a, c.B, append(have, side.B...))
	}
	if allowed(p.Theory, c.Cycle) {
		return fmt.Errorf("%v is no cycle that is forbidden", c.Cycle)
	}
	for i, e := range c.Cycle {
		if e.To != c.Cycle[(i+1)%len(c.Cycle)].From {
			return fmt.Errorf("%v is not closed", c.Cycle)
		}
		found := false
		for _, h := range have {
			found = found || h == e || p.Theory == Acyclic && h.From == e.From && h.To == e.To
		}
		if !found {
			return fmt.Errorf("edge %v of a cycle is not there", e)
		}
	}
	return nil
}

// Random polygraphs of up to 6 nodes are decided as trying all sides decides them, and each answer proves itself. CAPSIZE_SEEDS
// says how many.
func TestAgainstAllSides(t *testing.T) {
	seeds := 3000
	if n, err := strconv.Atoi(os.Getenv("CAPSIZE_SEEDS")); err == nil {
		seeds = n
	}
	counts := map[string]int{}
	for seed := range seeds {
		p := random(rand.New(rand.NewPCG(uint64(seed), 7)))
		a := p.Solve()
		p.Explain(a)
		if err := check(p, a); err != nil {
			t.Fatalf("seed %d: %v\n%+v\n%+v", seed, err, p, a)
		}
		again := p.Solve()
		if p.Explain(again); !reflect.DeepEqual(a, again) {
			t.Fatalf("seed %d: another answer the second time", seed)
		}
		counts[fmt.Sprint(p.Theory, a.Verdict)]++
	}
	for th := range 3 {
		for _, v := range []Verdict{Yes, No} {
			if counts[fmt.Sprint(Theory(th), v)] < seeds/30 {
				t.Errorf("theory %d, verdict %d: only %d of %d problems", th, v, counts[fmt.Sprint(Theory(th), v)], seeds)
			}
		}
	}
}

// What a schedule finds is an answer, and it finds one of most problems that have one and whose first order is none.
func TestSchedules(t *testing.T) {
	found, missed := 0, 0
	for seed := range 100_000 {
		p := random(rand.New(rand.NewPCG(uint64(seed), 7)))
		p.Steps = 1 << 20
		if a, cycle := p.tryFirst(); a != nil || cycle != nil || p.Theory == Snapshot {
			continue
		}
		a := p.mend(p.Known, &p.Steps)
		if a != nil {
			if err := checkYes(p, a); err != nil {
				t.Fatalf("seed %d: %v\n%+v\n%+v", seed, err, p, a)
			}
			found++
		} else if len(p.Spans) > 0 && len(p.Choices) == 0 && p.Theory == Acyclic && possible(p.Theory, p.Known, p.all()) {
			missed++
		}
	}
	t.Logf("found %d, missed %d", found, missed)
	if found < missed || found < 50 {
		t.Errorf("found %d, missed %d", found, missed)
	}
}

// A polygraph that is hard enough to need a search says that it does not know when its budget ends, and how much is open.
func TestBudget(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	p := &Problem{Nodes: 60}
	for range 400 {
		e := func() []Edge { return []Edge{{From: int32(r.IntN(60)), To: int32(r.IntN(60))}} }
		p.Choices = append(p.Choices, Choice{A: e(), B: e()})
	}
	p.Steps = 100
	a := p.Solve()
	if a.Verdict != Unknown || a.Open == 0 || a.Steps < 100 {
		t.Errorf("%+v", a)
	}
	p.Steps = 0
	if a = p.Solve(); a.Verdict == Unknown {
		t.Errorf("unknown without a budget")
	}
}
