package capsize_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// An echo is a system that does as it is asked: it answers every request with
// what reply makes of it.
type echo struct {
	boot  func(ctx context.Context, h *cluster.Host)
	reply func(h *cluster.Host, req int) int
}

func (s echo) Run(ctx context.Context, h *cluster.Host) error {
	if s.boot != nil {
		s.boot(ctx, h)
	}
	h.Handle(func(m cluster.Message) {
		n, _ := m.Body.(int)
		if s.reply != nil {
			n = s.reply(h, n)
		}
		m.Reply(n)
	})
	<-ctx.Done()
	return nil
}

type echoClient struct{ h *cluster.Host }

func (c echoClient) Close() error { return nil }

// echoes is a workload whose every answer must be what was asked.
func echoes() workloads.Spec[echoClient, int, int] {
	return workloads.Spec[echoClient, int, int]{
		Name: "echoes",
		Open: func(_ context.Context, h *cluster.Host) (echoClient, error) { return echoClient{h}, nil },
		Next: func(t workloads.Turn[int, int]) int { return t.Number() },
		Invoke: func(ctx context.Context, c echoClient, in int) (int, error) {
			v, err := c.h.Call(ctx, c.h.Node(), in)
			if err != nil {
				return 0, err
			}
			return v.(int), nil
		},
		Checker: checker.Func(func(_ context.Context, h *history.History) checker.Result {
			for c := range h.Calls() {
				if c.Complete.Type == history.OK && c.Complete.Output != c.Invoke.Input {
					return checker.Result{Checker: "echo", Verdict: checker.Invalid, Reason: fmt.Sprintf("%v was answered by %v", c.Invoke.Input, c.Complete.Output)}
				}
			}
			return checker.Result{Checker: "echo", Reason: "all as asked"}
		}),
	}
}

// run runs a test of the echo system for ten seconds.
func run(t *testing.T, s cluster.System, change func(*capsize.Test)) *capsize.Result {
	t.Helper()
	test := capsize.Test{
		System: s, Workload: workloads.New(echoes()), Nodes: 3, Clients: 3, Rate: 30,
		Duration: 10 * time.Second, Seed: 1,
	}
	if change != nil {
		change(&test)
	}
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	return r
}

func TestExecValid(t *testing.T) {
	r := run(t, echo{}, nil)
	assert.Equal(t, checker.Valid, r.Verdict, "%s: %v", r.Reason, r.Findings)
	assert.Empty(t, r.Findings)
	assert.InDelta(t, 450, r.Exercised.OK, 60, "30 operations a second for 15 seconds")
	assert.Zero(t, r.Exercised.Info+r.Exercised.Fail)
	for o := range r.History.Ops() {
		assert.NotEmpty(t, o.Node)
	}
}

func TestExecRefuses(t *testing.T) {
	w := workloads.New(echoes())
	for name, test := range map[string]capsize.Test{
		"test has no System":   {Workload: w},
		"test has no Workload": {System: echo{}},
		"Nodes = -1":           {System: echo{}, Workload: w, Nodes: -1},
		"Duration = -1e+09":    {System: echo{}, Workload: w, Duration: -time.Second},
		"more than 498 hosts":  {System: echo{}, Workload: w, Nodes: 400, Clients: 200},
		"id 1 is taken": {System: echo{}, Workload: w, Nemesis: nemesis.Plan{
			{ID: 1, Fault: nemesis.Partitions()}, {ID: 1, Fault: nemesis.Partitions()}}},
	} {
		_, err := capsize.Exec(t.Context(), t, test)
		assert.ErrorContains(t, err, name)
	}
}

// finding returns the one finding of a run that is invalid by it.
func finding(t *testing.T, r *capsize.Result) cluster.Finding {
	t.Helper()
	require.NotEmpty(t, r.Findings)
	assert.Equal(t, checker.Invalid, r.Verdict)
	assert.Positive(t, r.History.Len(), "what was recorded is kept")
	return r.Findings[0]
}

func TestPanicInHandler(t *testing.T) {
	f := finding(t, run(t, echo{reply: func(h *cluster.Host, req int) int {
		if h.Name() == "n2" && req > 30 {
			panic("out of cheese")
		}
		return req
	}}, nil))
	assert.Equal(t, "n2", f.Host)
	assert.Equal(t, "panic: out of cheese", f.What)
	assert.Contains(t, f.Stack, "TestPanicInHandler")
}

func TestPanicInRun(t *testing.T) {
	f := finding(t, run(t, echo{boot: func(_ context.Context, h *cluster.Host) {
		if h.Name() == "n3" {
			panic("no keyboard")
		}
	}}, nil))
	assert.Equal(t, "n3: panic: no keyboard", f.String())
	assert.Contains(t, f.Stack, "TestPanicInRun")
}

func TestRunComesBack(t *testing.T) {
	for name, run := range map[string]cluster.Func{
		"before its context ended: without an error": func(context.Context, *cluster.Host) error { return nil },
		"before its context ended: disk full":        func(context.Context, *cluster.Host) error { return errors.New("disk full") },
	} {
		r, err := capsize.Exec(t.Context(), t, capsize.Test{System: run, Workload: workloads.New(echoes()), Nodes: 1, Duration: time.Second, Seed: 1})
		require.NoError(t, err)
		assert.Contains(t, finding(t, r).What, name)
	}
}

func TestPanicInInvoke(t *testing.T) {
	spec := echoes()
	spec.Invoke = func(context.Context, echoClient, int) (int, error) { panic("bad client") }
	r := run(t, echo{}, func(test *capsize.Test) { test.Workload, test.Duration = workloads.New(spec), time.Second })
	f := finding(t, r)
	assert.Equal(t, "c", f.Host[:1])
	assert.Contains(t, f.What, "bad client")
	assert.Equal(t, history.Info, r.History.At(1).Type, "it is indeterminate what it did before")
}

func TestGarbage(t *testing.T) {
	r := run(t, echo{reply: func(_ *cluster.Host, req int) int { return req / 2 }}, nil)
	assert.Equal(t, checker.Invalid, r.Verdict)
	assert.Contains(t, r.Reason, "was answered by")
	assert.Empty(t, r.Findings)
}

func TestSpinning(t *testing.T) {
	var release atomic.Bool
	defer release.Store(true)
	r := run(t, echo{boot: func(_ context.Context, h *cluster.Host) {
		if h.Name() == "n2" {
			go func() {
				_ = h.Sleep(5 * time.Second)
				for !release.Load() { // it hogs a processor and lets no time pass
				}
			}()
		}
	}}, func(test *capsize.Test) { test.Stall = 300 * time.Millisecond })
	require.NotEmpty(t, r.Findings)
	f := r.Findings[0]
	assert.Equal(t, cluster.Stalled, f.Kind)
	assert.Equal(t, checker.Unknown, r.Verdict, "how long it may spin depends on the machine")
	assert.Positive(t, r.History.Len(), "what was recorded is kept")
	assert.Equal(t, "n2", f.Host)
	assert.Contains(t, f.What, "hangs")
	assert.Contains(t, f.Stack, "TestSpinning")
	assert.ErrorContains(t, r.Stopped, "nothing happened for 300ms")
}

func TestWaitingForLock(t *testing.T) {
	var mu sync.Mutex
	mu.Lock()
	defer mu.Unlock()
	r := run(t, echo{boot: func(_ context.Context, h *cluster.Host) {
		if h.Name() == "n1" {
			go func() {
				_ = h.Sleep(5 * time.Second)
				mu.Lock() // a wait that virtual time knows nothing of
				defer mu.Unlock()
				_ = h.Name()
			}()
		}
	}}, func(test *capsize.Test) { test.Stall = 300 * time.Millisecond })
	f := finding(t, r)
	assert.Equal(t, "n1", f.Host)
	assert.Contains(t, f.Stack, "TestWaitingForLock")
}

func TestLeak(t *testing.T) {
	f := finding(t, run(t, echo{boot: func(_ context.Context, h *cluster.Host) {
		if h.Name() == "n3" {
			go leak()
		}
	}}, nil))
	assert.Equal(t, "n3", f.Host)
	assert.Contains(t, f.What, "left 1 goroutine(s) behind")
	assert.Contains(t, f.Stack, "capsize_test.leak")
}

func leak() { <-make(chan int) }

func TestLeakThatSleeps(t *testing.T) {
	f := finding(t, run(t, echo{boot: func(_ context.Context, h *cluster.Host) {
		if h.Name() == "n1" {
			go sleepForEver()
		}
	}}, nil))
	assert.Equal(t, "n1", f.Host)
	assert.Contains(t, f.Stack, "capsize_test.sleepForEver")
}

func sleepForEver() {
	for {
		time.Sleep(time.Second)
	}
}

func TestClientIgnoresCtx(t *testing.T) {
	spec := echoes()
	invoke := spec.Invoke
	spec.Invoke = func(ctx context.Context, c echoClient, in int) (int, error) {
		if in == 14 {
			<-make(chan int)
		}
		return invoke(ctx, c, in)
	}
	r := run(t, echo{}, func(test *capsize.Test) { test.Workload = workloads.New(spec) })
	f := finding(t, r)
	assert.Equal(t, "c1", f.Host)
	assert.Contains(t, f.What, "14 ignores its ctx")
	assert.Contains(t, f.Stack, "TestClientIgnoresCtx")
	assert.Greater(t, r.Exercised.OK, 300, "the others go on")
	assert.Equal(t, 1, r.Exercised.Info)
}

func TestOpenNeverSucceeds(t *testing.T) {
	spec := echoes()
	spec.Open = func(context.Context, *cluster.Host) (echoClient, error) { return echoClient{}, errors.New("refused") }
	r := run(t, echo{}, func(test *capsize.Test) { test.Workload = workloads.New(spec) })
	assert.Equal(t, checker.Invalid, r.Verdict)
	assert.Equal(t, "no client got through to n1 within 5s after the last fault was healed"+`: Open returned "refused"`, r.Reason)
	for _, c := range r.Checks {
		if c.Checker == "calls succeeded" {
			assert.Equal(t, `no operation was invoked, as no client got through: Open at n1 returned "refused"`, c.Reason)
			assert.Equal(t, checker.Unknown, c.Verdict)
			return
		}
	}
	assert.Fail(t, "whether calls succeeded was not asked")
}

func TestSetup(t *testing.T) {
	spec := echoes()
	tries := 0
	spec.Setup = func(context.Context, echoClient) error {
		if tries++; tries < 3 {
			return errors.New("not yet")
		}
		return nil
	}
	r := run(t, echo{}, func(test *capsize.Test) { test.Workload = workloads.New(spec) })
	assert.Equal(t, checker.Valid, r.Verdict, r.Reason)
	assert.Equal(t, 3, tries)

	spec.Setup = func(context.Context, echoClient) error { panic("no tables") }
	r = run(t, echo{}, func(test *capsize.Test) { test.Workload = workloads.New(spec) })
	assert.Contains(t, finding(t, r).What, "setup of workload echoes failed: panic: no tables")
}

func TestFinal(t *testing.T) {
	spec := echoes()
	spec.Final = func(t workloads.Turn[int, int]) (int, bool) { return -1, t.Index < 2 }
	r := run(t, echo{}, func(test *capsize.Test) { test.Workload = workloads.New(spec) })
	n := 0
	for c := range r.History.Calls() {
		if c.Invoke.Input == -1 {
			n++
		}
	}
	assert.Equal(t, 3*2, n)
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	spec := echoes()
	var n atomic.Int32
	next := spec.Next
	spec.Next = func(t workloads.Turn[int, int]) int {
		if n.Add(1) == 100 {
			cancel()
		}
		return next(t)
	}
	r, err := capsize.Exec(ctx, t, capsize.Test{System: echo{}, Workload: workloads.New(spec), Seed: 1, Duration: time.Hour})
	require.NoError(t, err)
	assert.Equal(t, checker.Unknown, r.Verdict)
	assert.EqualError(t, r.Stopped, "interrupted")
	assert.InDelta(t, 200, r.History.Len(), 40)
}

func TestRequire(t *testing.T) {
	r := run(t, echo{}, func(test *capsize.Test) {
		test.Require = func(x capsize.Exercised) error {
			if x.Overlapped == 0 {
				return errors.New("no call overlapped a fault")
			}
			return nil
		}
	})
	assert.Equal(t, checker.Unknown, r.Verdict)
	assert.Equal(t, "the run exercised too little: no call overlapped a fault", r.Reason)
}

func TestFaultsThatMisbehave(t *testing.T) {
	inject := func(f nemesis.Inject) nemesis.Plan {
		return nemesis.Plan{{ID: 1, At: time.Second, For: time.Second, Fault: misfault{f}}}
	}
	t.Run("fails", func(t *testing.T) {
		r := run(t, echo{}, func(test *capsize.Test) {
			test.Nemesis = inject(func(context.Context, *cluster.Cluster, *randV2) (string, func(), error) {
				return "", nil, errors.New("no such switch")
			})
		})
		assert.Equal(t, checker.Unknown, r.Verdict, "a run in which no fault was injected proves nothing")
		for f := range r.History.Faults() {
			assert.Equal(t, history.Fail, f.Complete.Type)
			assert.Equal(t, "no such switch", f.Complete.Err)
		}
		assert.Empty(t, r.Exercised.Faults)
	})
	t.Run("panics", func(t *testing.T) {
		r := run(t, echo{}, func(test *capsize.Test) {
			test.Nemesis = inject(func(context.Context, *cluster.Cluster, *randV2) (string, func(), error) { panic("sparks") })
		})
		assert.Contains(t, finding(t, r).What, "fault misfault panicked: sparks")
	})
	t.Run("never heals", func(t *testing.T) {
		r := run(t, echo{}, func(test *capsize.Test) {
			test.Nemesis = inject(func(_ context.Context, c *cluster.Cluster, _ *randV2) (string, func(), error) {
				c.Crash("n1")
				return "crash n1", func() {}, nil
			})
		})
		assert.Equal(t, checker.Valid, r.Verdict, "%s: the engine boots what is down in the end", r.Reason)
		assert.Equal(t, 1, r.Exercised.Crashes)
	})
}

func TestRaftUnderPartitions(t *testing.T) {
	tier.SkipRepeats(t) // TestSeldomAskedIsNoFailure
	s := raftkv.Store{}
	r, err := capsize.Exec(t.Context(), t, capsize.Test{
		System: s, Workload: workloads.Register(s.Open), Seed: 3, Duration: 60 * time.Second,
		Nemesis: nemesis.Every(10*time.Second, nemesis.Partitions()),
	})
	require.NoError(t, err)
	assert.Equal(t, checker.Valid, r.Verdict, r.Reason)
	assert.Positive(t, r.Exercised.Overlapped)
	assert.Positive(t, r.Exercised.LeaderChanges)
}
