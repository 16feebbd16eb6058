package replication_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/replication"
)

// BenchmarkCAP measures what a seed of all cards of cap costs, with the judging of it and without: the difference is
// the share of checking. capsize cap takes as many seeds as the scenario says.
func BenchmarkCAP(b *testing.B) {
	for _, judged := range []bool{true, false} {
		name := "checking=off"
		if judged {
			name = "checking=on"
		}
		b.Run(name, func(b *testing.B) {
			runs := 0
			for i := 0; b.Loop(); i++ {
				s := replication.CAP()
				if !judged {
					unjudge(&s)
				}
				_, err := s.Run(b.Context(), new(testing.T), scenarios.Options{Seed: uint64(i + 1), Seeds: 1})
				require.NoError(b, err)
				runs += len(s.Variants)
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*float64(replication.CAP().Seeds), "s/cap")
			b.ReportMetric(float64(b.Elapsed())/float64(runs)/float64(time.Millisecond), "ms/run")
		})
	}
}

// unjudge has a scenario find nothing wrong with any history, and count nothing.
func unjudge(s *scenarios.Scenario) {
	for i := range s.Variants {
		s.Variants[i].Test.Workload.Checker = checker.Func(func(context.Context, *history.History) checker.Result {
			return checker.Result{Checker: "none"}
		})
	}
	s.Meter = func(scenarios.Variant) scenarios.Meter { return nothing{} }
}

type nothing struct{}

func (nothing) Add(context.Context, *capsize.Result) error { return nil }
func (nothing) Fill(*scenarios.Row)                        {}
