package consistency

import (
	"cmp"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// sweepHistories is how many random histories a differential test judges: the
// number in CAPSIZE_SWEEP, or few.
func sweepHistories(few int) int {
	if n, err := strconv.Atoi(os.Getenv("CAPSIZE_SWEEP")); err == nil && n > 0 {
		return n
	}
	if testing.Short() {
		return max(few/3, min(few, 300))
	}
	return few
}

// A delivery says how the writes of one replica get to the others.
type delivery int

const (
	atOnce   delivery = iota // there is one copy
	causally                 // a write arrives after all that its replica had when it was made
	inTurn                   // the writes of each replica arrive in their order
	anyhow                   // in any order, and maybe not at all
)

// A fleet simulates replicated registers, to make histories whose level is known.
type fleet struct {
	replicas, clients, calls, keys int
	delivery                       delivery
	stamped                        bool // whether the largest stamp wins, or what arrives last
	roam                           bool // whether clients change the replica from call to call
	swaps                          bool
	lossy                          bool // whether calls fail, or be indeterminate
	lag                            int  // how many steps go by for one delivery
	spoil                          int  // how many answers to spoil, of 100
	future                         bool // whether spoilt answers may be of values that are written later, if ever
	converge                       bool // whether all writes arrive in the end, and every client reads every key
}

type message struct {
	key, value, from, to, seq, stamp int
	deps                             []int // how many writes of each replica it comes after
}

type cell struct{ value, stamp int }

// A fleetRun is one history in the making.
type fleetRun struct {
	fleet
	r       *rand.Rand
	h       *history.History
	cells   [][]cell // by replica and key
	have    [][]int  // by replica: how many writes of each replica it has
	flying  []message
	values  int
	written [][]int // by key: all values that anybody asked to be written
	clock   int
	seq     []int
}

type pendingCall struct {
	process, slot    int
	in               model.RegisterOp
	out              int
	done, info, fail bool
}

func (f fleet) history(r *rand.Rand) *history.History {
	if f.delivery == atOnce {
		f.replicas = 1
	}
	run := &fleetRun{fleet: f, r: r, h: history.Of(), written: make([][]int, f.keys), seq: make([]int, f.replicas)}
	for range f.replicas {
		run.cells = append(run.cells, make([]cell, f.keys))
		run.have = append(run.have, make([]int, f.replicas))
	}
	process := make([]int, f.clients)
	for i := range process {
		process[i] = i
	}
	open := make([]*pendingCall, f.clients)
	next := f.clients
	for asked, busy := 0, 0; asked < f.calls || busy > 0; {
		for range 1 + r.IntN(2) {
			if len(run.flying) > 0 && r.IntN(f.lag+1) == 0 {
				run.deliver(r.IntN(len(run.flying)))
			}
		}
		slot := r.IntN(f.clients)
		p := open[slot]
		switch {
		case p == nil && asked < f.calls:
			open[slot] = run.ask(process[slot], slot)
			asked++
			busy++
		case p == nil:
		case !p.done && !p.fail:
			run.effect(p)
		default:
			run.end(p)
			if p.info && r.IntN(3) > 0 {
				process[slot] = next
				next++
			}
			open[slot] = nil
			busy--
		}
	}
	if f.converge { // the heal
		run.h.Add(history.Op{Process: history.Nemesis, Type: history.Invoke, Key: "1"})
		for len(run.flying) > 0 {
			run.deliver(r.IntN(len(run.flying)))
		}
		run.h.Add(history.Op{Process: history.Nemesis, Type: history.OK, Key: "1"})
	}
	for i := range f.clients * f.keys * view.BoolInt(f.converge) {
		p := &pendingCall{process: process[i%f.clients], slot: i % f.clients, in: model.RegisterOp{F: "read", Key: string(rune('x' + i/f.clients))}}
		run.h.Add(history.Op{Process: p.process, Type: history.Invoke, Input: p.in})
		run.effect(p)
		run.end(p)
	}
	return run.h
}

func (f *fleetRun) ask(process, slot int) *pendingCall {
	key := f.r.IntN(f.keys)
	p := &pendingCall{process: process, slot: slot, in: model.RegisterOp{F: "read", Key: string(rune('x' + key))}}
	switch x := f.r.IntN(10); {
	case x < 4:
		f.values++
		p.in.F, p.in.Value = "write", f.values
	case x == 4 && f.swaps:
		f.values++
		p.in.F, p.in.Value = "cas", f.values
		if w := f.written[key]; len(w) > 0 && f.r.IntN(4) > 0 {
			p.in.Old = w[f.r.IntN(len(w))]
		}
	}
	if p.in.F != "read" {
		f.written[key] = append(f.written[key], p.in.Value)
	}
	if f.lossy {
		switch x := f.r.IntN(16); {
		case x < 2:
			p.info = true
			p.done = f.r.IntN(2) == 0 // it never will
		case x == 2:
			p.fail = true
		}
	}
	f.h.Add(history.Op{Process: process, Type: history.Invoke, Input: p.in})
	return p
}

func (f *fleetRun) effect(p *pendingCall) {
	at := p.slot % f.replicas
	if f.roam {
		at = f.r.IntN(f.replicas)
	}
	key := int(p.in.Key[0] - 'x')
	c := &f.cells[at][key]
	p.out, p.done = c.value, true
	if p.in.F == "read" || p.in.F == "cas" && c.value != p.in.Old {
		return
	}
	f.clock++
	if p.in.F == "write" {
		p.out = 0
	}
	*c = cell{p.in.Value, f.clock}
	f.seq[at]++
	f.have[at][at]++
	for to := range f.replicas {
		if to != at {
			f.flying = append(f.flying, message{key, p.in.Value, at, to, f.seq[at], f.clock, slices.Clone(f.have[at])})
		}
	}
}

func (f *fleetRun) deliver(i int) {
	m := f.flying[i]
	have := f.have[m.to]
	switch f.delivery {
	case causally:
		for from, n := range m.deps {
			if from != m.from && have[from] < n || from == m.from && have[from] != m.seq-1 {
				return
			}
		}
	case inTurn:
		if have[m.from] != m.seq-1 {
			return
		}
	}
	f.flying = slices.Delete(f.flying, i, i+1)
	have[m.from]++
	if c := &f.cells[m.to][m.key]; !f.stamped || m.stamp > c.stamp {
		*c = cell{m.value, m.stamp}
	}
}

func (f *fleetRun) end(p *pendingCall) {
	o := history.Op{Process: p.process, Type: history.OK, Output: p.out}
	key := int(p.in.Key[0] - 'x')
	switch {
	case p.fail:
		o.Type, o.Output = history.Fail, nil
	case p.info:
		o.Type, o.Output = history.Info, nil
		if f.r.IntN(3) == 0 {
			return // it stays open
		}
	case p.in.F != "write" && f.r.IntN(100) < f.spoil:
		w := append([]int{0}, f.written[key]...)
		if f.future {
			w = append(w, f.values+1, f.values+2)
		}
		out := w[f.r.IntN(len(w))]
		if p.in.F == "read" || (out == p.in.Old) == (p.out == p.in.Old) {
			o.Output = out
		}
	}
	f.h.Add(o)
}

// fleets are the kinds of histories that differential tests draw from.
func smallFleet(r *rand.Rand) fleet {
	return fleet{
		replicas: 1 + r.IntN(3), clients: 1 + r.IntN(3), calls: 2 + r.IntN(8), keys: 1 + r.IntN(2),
		delivery: delivery(r.IntN(4)), stamped: r.IntN(2) == 0, roam: r.IntN(3) == 0, swaps: r.IntN(2) == 0,
		lossy: r.IntN(2) == 0, lag: r.IntN(4), spoil: []int{0, 0, 20, 60}[r.IntN(4)], future: r.IntN(6) == 0,
	}
}

// agrees compares a checker with a definition on random small histories.
func agrees(t *testing.T, check checker.Checker, few int, holds func(*oracle) bool) {
	t.Helper()
	agreesOn(t, check, few, holds, false)
}

// agreesOn is agrees; strict says whether an indeterminate swap proves
// nothing without what it must have found.
func agreesOn(t *testing.T, check checker.Checker, few int, holds func(*oracle) bool, strict bool) {
	t.Helper()
	n := sweepHistories(few)
	r := rand.New(rand.NewPCG(7, 11))
	counts := map[checker.Verdict]int{}
	for range n {
		h := smallFleet(r).history(r)
		want := checker.Valid
		if !newOracle(h).some(holds) {
			want = checker.Invalid
		}
		got := check.Check(t.Context(), h)
		require.Equal(t, want, got.Verdict, "%s\n%v", got.Reason, h)
		counts[want]++
		if want == checker.Invalid {
			smallest(t, check, got, h, strict)
		}
	}
	t.Logf("%d histories: %d valid, %d invalid", n, counts[checker.Valid], counts[checker.Invalid])
	require.Greater(t, counts[checker.Valid], n/20)
	require.Greater(t, counts[checker.Invalid], n/200)
}

// smallest checks that a counterexample breaks the rule on its own, and that it
// does not without any one of its calls and those that saw what it wrote.
func smallest(t *testing.T, check checker.Checker, got checker.Result, h *history.History, strict bool) {
	t.Helper()
	require.NotNil(t, got.Counterexample, "%v", h)
	require.NotEmpty(t, got.Counterexample.Reason)
	require.Equal(t, checker.Invalid, check.Check(t.Context(), checkertest.Alone(got.Counterexample.Calls)).Verdict, "%s\n%v\n%v", got.Reason, got.Counterexample.Calls, h)
	if len(got.Counterexample.Calls) == 1 || got.Counterexample.Calls[0].Complete.Type == history.Fail {
		return
	}
	for i := range got.Counterexample.Calls {
		rest := justifiedCalls(strict, slices.Delete(slices.Clone(got.Counterexample.Calls), i, i+1))
		require.Equal(t, checker.Valid, check.Check(t.Context(), checkertest.Alone(rest)).Verdict, "%s\nnot smallest: %v\n%v", got.Reason, got.Counterexample.Calls, h)
	}
}

// justifiedCalls leaves out the calls that saw what none of the others wrote.
func justifiedCalls(strict bool, calls []history.Call) []history.Call {
	m := model.Register()
	access := func(c history.Call) model.Access[int] {
		out, _ := c.Complete.Output.(int)
		a, _ := m.Access(c.Invoke.Input.(model.RegisterOp), out, c.Complete.Type == history.OK)
		return a
	}
	for n := -1; n != len(calls); {
		n = len(calls)
		put := map[int]bool{0: true}
		for _, c := range calls {
			if a := access(c); a.Writes {
				put[a.Put] = true
			}
		}
		calls = slices.DeleteFunc(calls, func(c history.Call) bool {
			a := access(c)
			return a.Reads && (strict || c.Complete.Type == history.OK) && !put[a.Saw]
		})
	}
	return calls
}

// An oracle is a history of registers as the definitions see it.
type oracle struct{ all, happened []oracleCall }

// An oracleCall is a call: what it saw and put, with the one before it in its session.
type oracleCall struct {
	call, ret int
	key       string
	process   int
	observes  bool // whether it returned what it saw
	finds     bool // whether it can only have happened where saw was
	writes    bool
	saw, put  int
	known     bool
}

func newOracle(h *history.History) *oracle {
	m := model.Register()
	t := &oracle{}
	for c := range h.Calls() {
		in := c.Invoke.Input.(model.RegisterOp)
		known := c.Complete.Type == history.OK
		out, _ := c.Complete.Output.(int)
		a, _ := m.Access(in, out, known)
		if c.Complete.Type == history.Fail || !known && !a.Writes {
			continue
		}
		t.all = append(t.all, oracleCall{c.Invoke.Index, c.Returned(), in.Key, c.Invoke.Process,
			a.Reads && known, a.Reads, a.Writes, a.Saw, a.Put, known})
	}
	return t
}

// some reports whether a definition holds for some choice of the calls of unknown
// outcome that happened.
func (t *oracle) some(holds func(*oracle) bool) bool {
	var unknown []int
	for i, a := range t.all {
		if !a.known {
			unknown = append(unknown, i)
		}
	}
	for choice := range 1 << len(unknown) {
		t.happened = t.happened[:0]
		for i, a := range t.all {
			if at, found := slices.BinarySearchFunc(unknown, i, cmp.Compare[int]); a.known || found && choice>>at&1 == 1 {
				t.happened = append(t.happened, a)
			}
		}
		if holds(t) {
			return true
		}
	}
	return false
}

// before reports whether one call comes before another in their session.
func (t *oracle) before(a, b oracleCall) bool {
	return a.process == b.process && a.known && a.call < b.call
}

// writer returns the call that put what another saw: -1 for the initial value, and
// false if there is none.
func (t *oracle) writer(b oracleCall) (int, bool) {
	if b.saw == 0 {
		return -1, true
	}
	for i, a := range t.happened {
		if a.writes && a.put == b.saw && a.key == b.key {
			return i, true
		}
	}
	return -1, false
}

// justified reports whether all that was seen had been written.
func (t *oracle) justified() bool {
	return !slices.ContainsFunc(t.happened, func(a oracleCall) bool {
		_, ok := t.writer(a)
		return a.observes && !ok
	})
}
