package linearizable

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/internal/cputime"
	"github.com/capsize-go/capsize/model"
)

// A pair is a history that both ours and porcupine judge.
type pair struct {
	name   string
	verify func(ctx context.Context) checker.Result // the verdict alone
	peer   func(ctx context.Context) (bool, error)
}

// A paired pair is how long both took, in processor time.
type paired struct {
	name                string
	ours, peer, explain time.Duration
	stopped             bool // porcupine was
	unknown             bool // ours had no answer
}

func (p paired) ratio() float64 { return float64(p.ours) / float64(p.peer) }

func (g generator[S, In, Out]) pair(l load) (pair, bool) {
	h, spoilt := g.history(l)
	_, memory := caps()
	return pair{
		name:   g.name + "/" + l.String(),
		verify: func(ctx context.Context) checker.Result { return New(g.m).Check(ctx, h) },
		peer:   g.peer(h, memory),
	}, spoilt == l.bad
}

// BenchmarkPairs measures what the verdict alone takes, as a ratio to what porcupine takes on the same
// history, and what the explanation takes after it. The two are measured in turns, in processor time, and
// each counts with the least that it took, so other work on the machine is no matter. Run it by
//
//	CAPSIZE_CORPUS=folder go test -run '^$' -bench Pairs -benchtime 1x ./checker/linearizable
//
// which prints the median and the worst ratio of porcupine's etcd logs and of the loads of [BenchmarkModels],
// and each history on which ours is slower.
func BenchmarkPairs(b *testing.B) {
	b.Run("etcd", func(b *testing.B) {
		root := os.Getenv("CAPSIZE_CORPUS")
		if root == "" {
			b.Skip("CAPSIZE_CORPUS is not set")
		}
		measurePairs(b, etcdPairs(b, root))
	})
	b.Run("models", func(b *testing.B) {
		var all []pair
		for _, g := range modelGenerators() {
			for _, l := range loads([]int{1e3}, []int{5, 10, 20}) {
				if p, ok := g.pair(l); ok {
					all = append(all, p)
				}
			}
		}
		measurePairs(b, all)
	})
}

// measurePairs reports the ratios of the pairs that porcupine answered, and how many it did not.
func measurePairs(b *testing.B, all []pair) {
	var done []paired
	slowest, unknown, stopped := time.Duration(0), 0, 0
	for range b.N {
		done, slowest, unknown, stopped = done[:0], 0, 0, 0
		for _, p := range all {
			m := p.measure(b)
			slowest = max(slowest, m.explain)
			unknown += view.BoolInt(m.unknown)
			if stopped += view.BoolInt(m.stopped); !m.stopped {
				done = append(done, m)
			}
			if !m.stopped && m.ratio() > 1 || m.unknown || m.explain > 200*time.Millisecond {
				b.Logf("%-50s %.2f of porcupine's %v, explained in %v, porcupine stopped: %t, ours unknown: %t",
					m.name, m.ratio(), m.peer, m.explain, m.stopped, m.unknown)
			}
		}
	}
	slices.SortFunc(done, func(x, y paired) int { return cmp.Compare(x.ratio(), y.ratio()) })
	b.ReportMetric(float64(len(all)), "histories")
	b.ReportMetric(done[len(done)/2].ratio(), "median-ratio")
	b.ReportMetric(done[len(done)-1].ratio(), "worst-ratio")
	b.ReportMetric(float64(unknown), "unanswered")
	b.ReportMetric(float64(stopped), "unanswered-by-porcupine")
	b.ReportMetric(slowest.Seconds()*1e3, "worst-explain-ms")
	b.ReportMetric(0, "ns/op")
}

// measure repeats both in turns: at least five times, and until both have had 10 ms, but
// no more than half a second. What takes less than 2 ms is repeated within a turn, so that measuring itself does not count.
// Where porcupine has no answer, it counts with what it took until it was stopped.
func (p pair) measure(b *testing.B) (m paired) {
	m = paired{name: p.name, ours: time.Hour, peer: time.Hour}
	var r checker.Result
	var all [2]time.Duration
	times := [2]int{1, 1}
	turn := func(i int, least *time.Duration, do func(context.Context)) {
		within, _ := caps()
		ctx, cancel := spending(b.Context(), within)
		defer cancel()
		start := cputime.Used()
		for range times[i] {
			do(ctx)
		}
		took := cputime.Used() - start
		all[i] += took
		took /= time.Duration(times[i])
		*least = min(*least, took)
		times[i] = 1 + int(2*time.Millisecond/max(took, time.Microsecond))
	}
	for n := 0; all[0]+all[1] < time.Second/2 && (n < 5 || all[0] < 10*time.Millisecond || all[1] < 10*time.Millisecond); n++ {
		turn(0, &m.ours, func(ctx context.Context) { r = p.verify(ctx) })
		if m.stopped {
			continue
		}
		turn(1, &m.peer, func(ctx context.Context) {
			ok, err := p.peer(ctx)
			if m.stopped = err != nil; !m.stopped && r.Verdict != checker.Unknown && ok != (r.Verdict == checker.Valid) {
				b.Fatalf("%s: %v, and porcupine says %v", p.name, r.Verdict, ok)
			}
		})
	}
	m.unknown = r.Verdict == checker.Unknown
	start := cputime.Used()
	r.Explain(b.Context())
	m.explain = cputime.Used() - start
	return m
}

// etcdPairs are porcupine's own logs of etcd, with its own model of them.
func etcdPairs(b *testing.B, root string) (all []pair) {
	for _, name := range checkertest.Glob(b, root, "porcupine/test_data/jepsen/*.log") {
		f, err := os.Open(filepath.Join(root, name))
		require.NoError(b, err)
		raw, err := history.Decode(f, name, history.Options{})
		require.NoError(b, err)
		require.NoError(b, f.Close())
		events := etcdEvents(raw)
		h := typed(raw, registerIn, etcdOut)
		all = append(all, pair{
			name:   filepath.Base(name),
			verify: func(ctx context.Context) checker.Result { return New(model.CASRegister(model.Nil)).Check(ctx, h) },
			peer:   func(context.Context) (bool, error) { return porcupine.CheckEvents(etcdModel, events), nil },
		})
	}
	return all
}

type etcdInput struct {
	f        string
	old, put int
}

type etcdOutput struct {
	ok, unknown bool
	value       int
}

// etcdModel is the model of porcupine's tests.
var etcdModel = porcupine.Model{
	Init: func() any { return model.Nil },
	Step: func(state, input, output any) (bool, any) {
		st, in, out := state.(int), input.(etcdInput), output.(etcdOutput)
		switch {
		case in.f == "read":
			return out.unknown || st == out.value, st
		case in.f == "write":
			return true, in.put
		case in.old == st:
			return out.ok || out.unknown, in.put
		}
		return !out.ok || out.unknown, st
	},
}

// etcdEvents reads a log as porcupine's tests do: a cas that failed found another value, and a
// read without an answer may return anything.
func etcdEvents(h *history.History) (events []porcupine.Event) {
	id, open := 0, map[int]int{}
	var processes []int
	for op := range h.Ops() {
		if op.Process == history.Nemesis {
			continue
		}
		if op.Type == history.Invoke {
			in := registerIn(op, op.Input.(history.JepsenOp)).(model.RegisterOp)
			events = append(events, porcupine.Event{ClientId: op.Process, Kind: porcupine.CallEvent, Value: etcdInput{in.F, in.Old, in.Value}, Id: id})
			open[op.Process] = id
			processes = append(processes, op.Process)
			id++
			continue
		}
		end, out := op.Output.(history.JepsenOp), etcdOutput{ok: op.Type == history.OK}
		switch {
		case end.F == "read" && op.Type == history.OK:
			out.value = number(end.Value)
		case end.F == "read":
			out.unknown = true
		case op.Type == history.Info || end.F == "write" && op.Type != history.OK:
			continue
		}
		events = append(events, porcupine.Event{ClientId: op.Process, Kind: porcupine.ReturnEvent, Value: out, Id: open[op.Process]})
		delete(open, op.Process)
	}
	for _, p := range slices.Compact(slices.Sorted(slices.Values(processes))) {
		if at, ok := open[p]; ok {
			events = append(events, porcupine.Event{ClientId: p, Kind: porcupine.ReturnEvent, Value: etcdOutput{unknown: true}, Id: at})
		}
	}
	return events
}

func etcdOut(op history.JepsenOp) any {
	if op.F == "read" {
		return number(op.Value)
	}
	return 0
}
