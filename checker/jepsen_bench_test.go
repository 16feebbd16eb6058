package checker

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/history"
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

// jepsenLoads are histories of n calls for each checker.
func jepsenLoads(n int) []struct {
	name string
	c    Checker
	h    func() *history.History
} {
	none := func(any) any { return nil }
	set := func() *history.History { // of 1000 elements a key, and 20 reads of them
		var all [][]int
		keys := n/1000 + 1
		for range keys {
			all = append(all, nil)
		}
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
	queue := func() *history.History {
		var queued []int
		h := busyHistory(n, func(i int) any {
			if i%2 == 0 {
				return benchAsk{F: "enqueue", Value: i}
			}
			return benchAsk{F: "dequeue"}
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
	sum := 0
	group := make([]int, 2*n)
	return []struct {
		name string
		c    Checker
		h    func() *history.History
	}{
		{"set", FinalSet(), set},
		{"set-full", SetFull(true), set},
		{"counter", CounterBounds(), func() *history.History {
			return busyHistory(n, func(i int) any { return benchAsk{F: []string{"add", "read"}[i%2], Value: i % 7} }, func(in any) any {
				if in.(benchAsk).F == "read" {
					return sum
				}
				sum += in.(benchAsk).Value
				return nil
			})
		}},
		{"queue", QueueSources(), queue},
		{"total-queue", TotalQueue(true), queue},
		{"unique-ids", DistinctIDs(), func() *history.History {
			i := 0
			return busyHistory(n, func(int) any { return benchAsk{F: "generate"} }, func(any) any { i++; return i })
		}},
		{"bank", Bank(BankRule{}), func() *history.History {
			return busyHistory(n, func(i int) any { return BankOp{F: []string{"read", "transfer"}[i%2]} }, func(in any) any {
				if in.(BankOp).F == "read" {
					return []int{10, 20, 30, 40, 50, 60, 70, 80}
				}
				return nil
			})
		}},
		{"long-fork", LongFork(3), func() *history.History {
			return busyHistory(n, func(i int) any {
				if g := i / 8 * 3; i%8 > 2 {
					return GroupOp{F: "read", Keys: []int{g, g + 1, g + 2}}
				} else {
					return GroupOp{F: "write", Keys: []int{g + i%8}, Value: 1}
				}
			}, func(in any) any {
				op := in.(GroupOp)
				if op.F == "write" {
					group[op.Keys[0]] = 1
					return nil
				}
				out := make([]int, len(op.Keys))
				for i, k := range op.Keys {
					if out[i] = group[k]; out[i] == 0 {
						out[i] = Nil
					}
				}
				return out
			})
		}},
		{"causal-reverse", CausalReverse(), func() *history.History {
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
		}},
		{"monotonic", MonotonicInserts(false), func() *history.History {
			var rows []Row
			h := busyHistory(n, func(i int) any { return benchAsk{F: "add", Value: i} }, func(in any) any {
				rows = append(rows, Row{Value: len(rows), Stamp: int64(len(rows))})
				return rows[len(rows)-1]
			})
			h.Add(history.Op{Process: 50, Type: history.Invoke, Input: benchAsk{F: "read"}})
			h.Add(history.Op{Process: 50, Type: history.OK, Output: rows})
			return h
		}},
		{"stats", Statistics(Limits{}), func() *history.History {
			return busyHistory(n, func(int) any { return benchAsk{F: "read"} }, none)
		}},
	}
}

// BenchmarkJepsen judges a million calls by 50 clients.
func BenchmarkJepsen(b *testing.B) {
	const n = 1_000_000
	for _, l := range jepsenLoads(n) {
		b.Run(fmt.Sprintf("%s/n=%d", l.name, n), func(b *testing.B) {
			h := l.h()
			b.ReportAllocs()
			for b.Loop() {
				l.c.Check(b.Context(), h)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/call")
		})
	}
}

// The loads of the benchmark are of good systems, so that the checkers look at all of them. The last
// dequeues may take what was lost to nobody's knowledge, and the last reads may come before all is known.
func TestJepsenLoads(t *testing.T) {
	for _, l := range jepsenLoads(4000) {
		r := l.c.Check(t.Context(), l.h())
		require.NotEqual(t, Invalid, r.Verdict, "%s: %s", l.name, r.Reason)
	}
}
