package jepsen

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/stats"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/cputime"
	"github.com/capsize-go/capsize/model"
)

// An input as a workload has it, without a box for the value.
type benchAsk struct {
	F     string
	Value int
	Key   string
}

// refused is what a system does that there is a Fail for.
type refused struct{}

// busyHistory is a history of n calls by 50 clients, all of them always busy, of a system that
// does what it is asked at an instant between the ends of each call.
func busyHistory(n int, ask func(n int) (in any), do func(in any) any) *history.History {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	type client struct {
		in, out any
		phase   int
	}
	all := make([]client, 50)
	h := history.Of()
	for done := 0; done < n; {
		p := r.IntN(len(all))
		c := &all[p]
		op := history.Op{Process: p, Node: [3]string{"n1", "n2", "n3"}[p%3], Time: time.Duration(h.Len()) * time.Microsecond}
		switch c.phase {
		case 0:
			c.in = ask(done)
			op.Input = c.in
			h.Add(op)
			done++
		case 1:
			c.out = do(c.in)
		case 2:
			op.Type, op.Output = history.OK, c.out
			if _, failed := c.out.(refused); failed {
				op.Type, op.Output = history.Fail, nil
			}
			h.Add(op)
		}
		c.phase = (c.phase + 1) % 3
	}
	return h
}

// A jepsenLoad is a history to measure a checker with.
type jepsenLoad struct {
	name string
	c    checker.Checker
	make func(n int) *history.History
}

var jepsenLoads = []jepsenLoad{
	{"set", FinalSet(), setLoad},
	{"set-full", SetFull(true), setLoad},
	{"counter", CounterBounds(), counterLoad},
	{"queue", QueueSources(), queueLoad},
	{"total-queue", TotalQueue(true), queueLoad},
	{"unique-ids", DistinctIDs(), idLoad},
	{"bank", Bank(BankRule{}), bankLoad},
	{"long-fork", LongFork(3), forkLoad},
	{"causal-reverse", CausalReverse(), writtenLoad},
	{"monotonic", MonotonicInserts(false), tableLoad},
	{"stats", stats.New(stats.Limits{}), counterLoad},
}

// setLoad has 1000 elements a key, and 20 reads of them.
func setLoad(n int) *history.History {
	keys := n/1000 + 1
	all := make([][]int, keys)
	names := make([]string, keys)
	for i := range names {
		names[i] = fmt.Sprint("k", i)
	}
	return busyHistory(n, func(i int) any {
		if i%50 == 0 {
			return benchAsk{"read", (i / 50) % keys, names[(i/50)%keys]}
		}
		return benchAsk{"add", i, names[i%keys]}
	}, func(in any) any {
		ask := in.(benchAsk)
		if ask.F == "read" {
			return all[ask.Value][:len(all[ask.Value]):len(all[ask.Value])]
		}
		all[ask.Value%keys] = append(all[ask.Value%keys], ask.Value)
		return nil
	})
}

func queueLoad(n int) *history.History {
	var queued []int
	h := busyHistory(n, func(i int) any {
		return benchAsk{F: []string{"enqueue", "dequeue"}[i%2], Value: i}
	}, func(in any) any {
		if in.(benchAsk).F == "enqueue" {
			queued = append(queued, in.(benchAsk).Value)
			return nil
		}
		if len(queued) == 0 {
			return refused{}
		}
		v := queued[0]
		queued = queued[1:]
		return v
	})
	h.Add(history.Op{Process: 50, Type: history.Invoke, Input: benchAsk{F: "drain"}})
	h.Add(history.Op{Process: 50, Type: history.OK, Output: append([]int{}, queued...)})
	return h
}

func counterLoad(n int) *history.History {
	sum := 0
	return busyHistory(n, func(i int) any {
		return benchAsk{F: []string{"add", "read"}[i%2], Value: i % 7}
	}, func(in any) any {
		if in.(benchAsk).F == "read" {
			return sum
		}
		sum += in.(benchAsk).Value
		return nil
	})
}

func idLoad(n int) *history.History {
	given := 0
	return busyHistory(n, func(int) any { return benchAsk{F: "generate"} }, func(any) any { given++; return given })
}

func bankLoad(n int) *history.History {
	return busyHistory(n, func(i int) any {
		return BankOp{F: []string{"read", "transfer"}[i%2]}
	}, func(in any) any {
		if in.(BankOp).F == "read" {
			return []int{10, 20, 30, 40, 50, 60, 70, 80}
		}
		return nil
	})
}

// forkLoad has groups of three keys, each of which is written and then read.
func forkLoad(n int) *history.History {
	written := make([]bool, 2*n)
	return busyHistory(n, func(i int) any {
		g := i / 8 * 3
		if i%8 < 3 {
			return GroupOp{F: "write", Keys: []int{g + i%8}, Value: 1}
		}
		return GroupOp{F: "read", Keys: []int{g, g + 1, g + 2}}
	}, func(in any) any {
		op := in.(GroupOp)
		if op.F == "write" {
			written[op.Keys[0]] = true
			return nil
		}
		out := make([]int, len(op.Keys))
		for i, k := range op.Keys {
			if out[i] = model.Nil; written[k] {
				out[i] = 1
			}
		}
		return out
	})
}

// writtenLoad has 1000 reads of up to 20,000 values.
func writtenLoad(n int) *history.History {
	var all []int
	return busyHistory(n, func(i int) any {
		if i%(n/1000) == 0 {
			return benchAsk{F: "read"}
		}
		return benchAsk{F: "write", Value: i}
	}, func(in any) any {
		if in.(benchAsk).F == "read" {
			return all[:min(len(all), 20_000)]
		}
		all = append(all, in.(benchAsk).Value)
		return nil
	})
}

func tableLoad(n int) *history.History {
	var rows []MonotonicRow
	h := busyHistory(n, func(i int) any { return benchAsk{F: "add", Value: i} }, func(any) any {
		rows = append(rows, MonotonicRow{Value: len(rows), Stamp: int64(len(rows))})
		return rows[len(rows)-1]
	})
	h.Add(history.Op{Process: 50, Type: history.Invoke, Input: benchAsk{F: "read"}})
	h.Add(history.Op{Process: 50, Type: history.OK, Output: rows})
	return h
}

// BenchmarkJepsen judges a million calls by 50 clients. What it takes of the processor does not
// depend on who else uses it.
func BenchmarkJepsen(b *testing.B) {
	const n = 1_000_000
	for _, l := range jepsenLoads {
		b.Run(fmt.Sprintf("%s/n=%d", l.name, n), func(b *testing.B) {
			h := l.make(n)
			b.ReportAllocs()
			start := cputime.Used()
			for b.Loop() {
				l.c.Check(b.Context(), h)
			}
			b.ReportMetric((cputime.Used()-start).Seconds()/float64(b.N), "cpu-s/op")
		})
	}
}

// The loads of the benchmark are of good systems, so that the checkers look at all of them. The last
// dequeues may take what was lost without a trace, and the last reads may come before all is known.
func TestJepsenLoads(t *testing.T) {
	for _, l := range jepsenLoads {
		r := l.c.Check(t.Context(), l.make(4000))
		require.NotEqual(t, checker.Invalid, r.Verdict, "%s: %s", l.name, r.Reason)
	}
}
