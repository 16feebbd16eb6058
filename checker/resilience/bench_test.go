package resilience_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// BenchmarkRules judges a million calls: requests that each have an attempt, work, a hold and an admit.
func BenchmarkRules(b *testing.B) {
	h := manyRequests(200_000)
	for name, c := range map[string]checker.Checker{
		"answered": resilience.Answered(0), "leaks": resilience.NoLeaks(), "amplified": resilience.Amplified(1, resilience.Interval{}), "orphans": resilience.NoOrphans(1),
		"recovers": resilience.Recovers(resilience.Interval{From: 10 * time.Second, To: 20 * time.Second}, 0, 0.5), "admitted": resilience.AtMost(2_000, time.Second),
		"balanced": resilience.Balanced(1, resilience.Interval{}), "in-flight": resilience.Capped(1_000, ""),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.Equal(b, checker.Valid, c.Check(b.Context(), h).Verdict)
			}
		})
	}
}

// manyRequests has a request each millisecond, and what is done for it.
func manyRequests(n int) *history.History {
	r := rand.New(rand.NewPCG(1, 1))
	h := &history.History{}
	h.Grow(10 * n)
	for id := range n {
		at := time.Duration(id) * time.Millisecond
		for i, f := range []string{"request", "attempt", "work", "hold", "admit"} {
			in := model.RequestOp{F: f, ID: id, At: []string{"n1", "n2", "n3"}[r.IntN(3)], By: "ann"}
			if f == "request" {
				in.Deadline = at + time.Second
			}
			h.Add(history.Op{Time: at + time.Duration(i), Process: i, Type: history.Invoke, Input: in})
		}
		for i := range 5 {
			h.Add(history.Op{Time: at + time.Duration(10-i), Process: 4 - i, Type: history.OK, Output: model.Answer{}})
		}
	}
	return h
}
