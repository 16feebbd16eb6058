package gray_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/systems/resilience/gray"
	"github.com/capsize-go/capsize/workloads"
)

const (
	begin = 2 * time.Second
	end   = 6 * time.Second
)

// run runs a service whose backend fails for four seconds in some way; "" for one that is well.
func run(t *testing.T, s gray.Service, how cluster.Degradation) *capsize.Result {
	t.Helper()
	test := capsize.Test{
		System: s, Nodes: s.Nodes(), Clients: 1, Duration: 7 * time.Second, Settle: time.Second, Timeout: 10 * time.Second, Seed: 3,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{
			Arrivals: workloads.Constant(10), Routes: gray.Routes, Deadline: 1500 * time.Millisecond, Checker: resilience.Answered(time.Microsecond)}),
	}
	if how != "" {
		test.Nemesis = nemesis.At(begin, end-begin, nemesis.Degrades(how, nemesis.WithRole(gray.BackendRole)))
	}
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	require.Empty(t, r.Findings)
	return r
}

// TestDegradations has the backend fail in each way: requests without a timeout have no outcome in time, and those with a deadline
// all have one. The backend that is well answers all.
func TestDegradations(t *testing.T) {
	all := cluster.Degradations()
	if !tier.Sweeping() {
		all = all[2:3]
	}
	for _, how := range all {
		s := gray.Service{Backend: gray.Backend{Takes: 200 * time.Millisecond}}
		if !testing.Short() {
			r := run(t, s, how)
			assert.Equal(t, checker.Invalid, r.Verdict, "%s: %s", how, r.Reason)
		}
		s.Policy = gray.Deadline
		r := run(t, s, how)
		assert.Equal(t, checker.Valid, r.Verdict, "%s: %s", how, r.Reason)
		m, err := resilience.MeasureOutcomes(r.History, resilience.Interval{From: begin, To: end})
		require.NoError(t, err)
		assert.Positive(t, m.Failed, "%s", how)
		assert.Positive(t, m.OK, "%s: what needs no backend", how)
	}
	if testing.Short() {
		return
	}
	r := run(t, gray.Service{}, "")
	m, err := resilience.MeasureOutcomes(r.History, resilience.Interval{})
	require.NoError(t, err)
	assert.Equal(t, m.Requests, m.OK)
}

// TestLock has a lock get stuck: who wants it next waits, until the host has recovered or the process ends.
func TestLock(t *testing.T) {
	var lock *gray.Lock
	system := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
		lock = gray.NewLock(ctx, h, "lock")
		<-ctx.Done()
		return nil
	})
	onNode(t, system, func(t *testing.T, c *cluster.Cluster) {
		took := func() (d time.Duration, err error) {
			before := c.Now()
			err = lock.Do(t.Context(), func() error { return nil })
			return c.Now() - before, err
		}
		d, err := took()
		require.NoError(t, err)
		assert.Zero(t, d)
		heal := c.Degrade("n1", cluster.StuckLock)
		go func() { _, _ = took() }()
		c.Sleep(t.Context(), time.Second)
		c.At(c.Now()+3*time.Second, "", heal)
		d, err = took()
		require.NoError(t, err)
		assert.Equal(t, 3, int(d.Seconds()))
		if schedule.Active() {
			return // a crash stops the goroutines of the host and cancels nothing, and those of this test are of no host
		}
		c.Degrade("n1", cluster.StuckLock)
		go func() { _, _ = took() }()
		c.Sleep(t.Context(), time.Second)
		c.At(c.Now()+time.Second, "", func() { c.Crash("n1") })
		_, err = took()
		require.ErrorIs(t, err, context.Canceled)
	})
}
