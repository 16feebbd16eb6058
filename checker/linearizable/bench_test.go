package linearizable

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/cputime"
	"github.com/capsize-go/capsize/model"
)

// A load is a history to measure with: n calls, with as many clients at a time, all
// of them always busy.
type load struct {
	n, clients int
	unknown    int  // percent of the calls whose outcome is
	bad        bool // whether one answer is wrong
}

func (l load) String() string {
	return fmt.Sprintf("n=%d/c=%d/unknown=%d%%/bad=%t", l.n, l.clients, l.unknown, l.bad)
}

// A generator makes histories of an object under load.
type generator[S comparable, In, Out any] struct {
	name   string
	m      model.Model[S, In, Out]
	ask    func(r *rand.Rand, n int, last In, s S) In // what a client asks after what it asked last
	answer func(s S, in In) (out Out, ready bool)     // the right answer, or that it must wait
	lost   func(in In) bool                           // whether a call may be indeterminate
	spoil  func(in In, out Out) (Out, bool)           // a wrong answer, if there is one
}

// An anyGenerator is a generator of any model.
type anyGenerator interface {
	compareAll(b *testing.B, loads []load)
	pair(l load) (pair, bool)
}

// history makes the history: each call takes effect at a random instant between its ends.
func (g generator[S, In, Out]) history(l load) (h *history.History, spoilt bool) {
	return g.random(rand.New(rand.NewPCG(uint64(l.n), uint64(l.clients))), l)
}

func (g generator[S, In, Out]) random(r *rand.Rand, l load) (h *history.History, spoilt bool) {
	type client struct {
		process, phase int
		in             In
		out            Out
	}
	clients := make([]client, l.clients)
	for i := range clients {
		clients[i].process = i
	}
	h, state := history.Of(), g.m.Init
	now := func() time.Duration { return time.Duration(h.Len()) * time.Millisecond }
	for asked := 0; asked < l.n; {
		c := &clients[r.IntN(len(clients))]
		switch c.phase {
		case 0:
			asked++
			c.in = g.ask(r, asked, c.in, state)
			h.Add(history.Op{Process: c.process, Type: history.Invoke, Time: now(), Input: c.in})
		case 1:
			out, ready := g.answer(state, c.in)
			if !ready {
				continue
			}
			c.out = out
			state, _ = g.m.Step(state, c.in, c.out)
		case 2:
			end := history.Op{Process: c.process, Type: history.OK, Time: now(), Output: c.out}
			if l.bad && !spoilt && asked > l.n*3/4 {
				if out, ok := g.spoil(c.in, c.out); ok {
					end.Output, spoilt = out, true
				}
			}
			if g.lost(c.in) && r.IntN(100) < l.unknown {
				end.Type, end.Output = history.Info, nil
				c.process += l.clients
			}
			h.Add(end)
			c.phase = -1
		}
		c.phase++
	}
	return h, spoilt
}

var full = flag.Bool("full", false, "give each side 60 s, and porcupine 5 GB, for each load in place of 2 s and 1 GB; takes hours more")

// caps are what each may use of the processor, and how much memory porcupine may.
func caps() (time.Duration, int) {
	if *full {
		return 60 * time.Second, 5 << 30
	}
	return 2 * time.Second, 1 << 30
}

var errCap = errors.New("porcupine was stopped")

// spending returns a context that ends when the process has used the processor for so long from now on:
// on a machine that others use as well, the time that goes by says little.
func spending(ctx context.Context, within time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	until := cputime.Used() + within
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-tick.C:
				if cputime.Used() > until {
					cancel()
				}
			}
		}
	}()
	return ctx, cancel
}

// peer returns what asks porcupine directly, without what this package adds to it.
func (g generator[S, In, Out]) peer(h *history.History, memory int) func(context.Context) (bool, error) {
	s := search{View: view.Erase(g.m).Of(h)}
	type asked struct {
		in    In
		known bool
	}
	var ops []porcupine.Operation
	parts, _ := s.Split()
	for _, sp := range parts[0].Spans {
		in, _ := h.At(sp.Call).Input.(In)
		var out Out
		if sp.Known {
			out, _ = h.At(sp.End).Output.(Out)
		}
		ops = append(ops, porcupine.Operation{ClientId: h.At(sp.Call).Process, Input: asked{in, sp.Known}, Output: out,
			Call: int64(sp.Call), Return: int64(sp.Ret)})
	}
	return func(ctx context.Context) (bool, error) {
		left, steps, spent := memory/(len(ops)/8+porcupineStep), 0, error(nil)
		m := porcupine.Model{
			Init: func() any { return g.m.Init },
			Step: func(state, input, output any) (bool, any) {
				in := input.(asked)
				next, ok := g.m.Step(state.(S), in.in, output.(Out))
				if ok = ok || !in.known; ok {
					left--
				}
				if steps++; left < 0 || steps%1024 == 0 && ctx.Err() != nil {
					spent = errCap
				}
				return ok && spent == nil, next
			},
		}
		return porcupine.CheckOperations(m, ops), spent
	}
}

// compareAll measures ours and porcupine on the same histories: how long the verdict takes, without
// the counterexample and the page. Where porcupine does not answer, x-ours is how many times longer it took until it was stopped.
func (g generator[S, In, Out]) compareAll(b *testing.B, loads []load) {
	b.Run(g.name, func(b *testing.B) {
		for _, l := range loads {
			b.Run(l.String(), func(b *testing.B) { g.compare(b, l) })
		}
	})
}

func (g generator[S, In, Out]) compare(b *testing.B, l load) {
	h, spoilt := g.history(l)
	if spoilt != l.bad {
		b.Skip("the object has no answer that is wrong")
	}
	want, mine := checker.Valid, time.Duration(0)
	if l.bad {
		want = checker.Invalid
	}
	within, memory := caps()
	b.Run("ours", func(b *testing.B) {
		got := checker.Unknown
		mine = measure(b, l, func() {
			ctx, cancel := spending(b.Context(), within)
			defer cancel()
			s := search{View: view.Erase(g.m).Of(h)}
			parts, _ := s.Split()
			r, _ := s.withMeter(budget.New(ctx, budget.DefaultSteps, "this check")).judge(parts[0])
			got = r.Verdict
		})
		if got == checker.Unknown {
			b.ReportMetric(1, "unanswered")
		} else if got != want {
			b.Fatalf("%v", got)
		}
	})
	b.Run("porcupine", func(b *testing.B) {
		var ok bool
		var err error
		peer := g.peer(h, memory)
		peers := measure(b, l, func() {
			ctx, cancel := spending(b.Context(), within)
			defer cancel()
			ok, err = peer(ctx)
		})
		if err != nil {
			b.ReportMetric(1, "unanswered")
		} else if ok != (want == checker.Valid) {
			b.Fatalf("%v", ok)
		}
		if mine > 0 {
			b.ReportMetric(float64(peers)/float64(mine), "x-ours")
		}
	})
}

// measure reports CPU time and memory, for each call of the history. It returns the
// CPU time of all.
func measure(b *testing.B, l load, do func()) time.Duration {
	b.ReportAllocs()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := cputime.Used()
	for b.Loop() {
		do()
	}
	took := (cputime.Used() - start) / time.Duration(b.N)
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(took)/1e6, "cpu-ms/op")
	b.ReportMetric(float64(took)/float64(l.n), "cpu-ns/call")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/float64(l.n), "B/call")
	return took
}

// loads returns all loads of a number of calls and of clients.
func loads(calls, clients []int) (all []load) {
	for _, n := range calls {
		for _, c := range clients {
			for _, unknown := range []int{0, 1, 5} {
				for _, bad := range []bool{false, true} {
					all = append(all, load{n, c, unknown, bad})
				}
			}
		}
	}
	return all
}

// BenchmarkUnique measures registers and maps whose written values are unique.
func BenchmarkUnique(b *testing.B) {
	all := loads([]int{1e3, 1e4, 1e5, 1e6}, []int{5, 20, 50})
	registerGenerator("register", model.Register(), 0, true).compareAll(b, all)
	registerGenerator("cas-register-unique", model.CASRegister(0), 0, true).compareAll(b, all)
	kvGenerator("kv", false).compareAll(b, all)
	kvGenerator("kv-append", true).compareAll(b, all)
}

// BenchmarkModels measures all else.
func BenchmarkModels(b *testing.B) {
	calls := []int{1e3}
	if *full {
		calls = []int{1e3, 1e4, 1e5}
	}
	all := loads(calls, []int{5, 10, 20})
	for _, g := range modelGenerators() {
		g.compareAll(b, all)
	}
}

// modelGenerators are the generators of BenchmarkModels.
func modelGenerators() []anyGenerator {
	return []anyGenerator{
		registerGenerator("register-few", model.Register(), 5, true),
		registerGenerator("cas-register", model.CASRegister(0), 5, true),
		registerGenerator("cas-register-no-cas", model.CASRegister(0), 5, false),
		counterGenerator(),
		lockGenerator(),
		queueGenerator("fifo-queue", model.FIFOQueue(), true),
		queueGenerator("fifo-queue-few", model.FIFOQueue(), false),
		queueGenerator("priority-queue", model.PriorityQueue(), true),
		stackGenerator(),
		setGenerator("set-growing", "add", "add", "read"),
		setGenerator("set-elements", "add", "remove", "contains"),
		setGenerator("set-all", "add", "remove", "contains", "read"),
		logGenerator(),
	}
}
