package capsize_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// TestVacuity has runs whose verdict would mean nothing.
func TestVacuity(t *testing.T) {
	cut := nemesis.At(time.Second, time.Millisecond, nemesis.Partitions(nemesis.Halves))
	long := nemesis.At(time.Second, 5*time.Second, nemesis.Partitions(nemesis.Halves))
	refusing := echoes()
	refusing.Invoke = func(context.Context, echoClient, int) (int, error) { return 0, errors.New("nobody knows") }
	for name, x := range map[string]struct {
		nemesis nemesis.Nemesis
		rate    float64
		w       workloads.Workload
		reason  string
	}{
		"no fault met an operation": {cut, 1, workloads.New(echoes()), "no operation was under way while one of the 1 faults was active"},
		"nothing is known":          {long, 30, workloads.New(refusing), ""},
		"a fault met some":          {long, 30, workloads.New(echoes()), ""},
		"there is no nemesis":       {nemesis.None, 1, workloads.New(echoes()), ""},
		"few operations":            {long, 0.45, workloads.New(echoes()), "what became of an operation is known of"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, echo{}, func(test *capsize.Test) {
				test.Nemesis, test.Rate, test.Workload, test.Settle = x.nemesis, x.rate, x.w, 10*time.Second
			})
			if name == "nothing is known" {
				assert.Equal(t, checker.Invalid, r.Verdict, "that it makes no progress weighs more")
				assert.Contains(t, r.Checks[len(r.Checks)-1].Reason, "is known of 0, ")
				return
			}
			if x.reason == "" {
				assert.Equal(t, checker.Valid, r.Verdict, r.Reason)
				return
			}
			assert.Equal(t, checker.Unknown, r.Verdict, r.Reason)
			assert.Contains(t, r.Reason, x.reason)
		})
	}
}
