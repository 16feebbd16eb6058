package capsize_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/examples/quickstart"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/workloads"
)

// readOnly is a client of the quickstart store whose writes all fail, as those of an RPC that is not there.
type readOnly struct{ quickstart.Client }

func (readOnly) Put(context.Context, string, int) error {
	return errors.New("rpc: can't find method Store.Put")
}

// TestAllWritesFail has a store that answers every read rightly, since nothing is ever written.
func TestAllWritesFail(t *testing.T) {
	store, span := quickstart.Store{}, tier.InRace(2*time.Second, 5*time.Second)
	test := capsize.Test{
		System: store, Nemesis: nemesis.Every(span, nemesis.Partitions()), Seed: 1, Duration: span,
		Workload: workloads.Register(func(ctx context.Context, h *cluster.Host) (readOnly, error) {
			c, err := store.Open(ctx, h)
			return readOnly{c}, err
		}),
	}
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	assert.Equal(t, checker.Unknown, r.Verdict)
	assert.Regexp(t, `^none of \d+ writes succeeded: the first error was "rpc: can't find method Store.Put"$`, r.Reason)

	test.Nemesis = nil // without writes the nodes send each other nothing that could be cut
	asTest, asWorkload := test, test
	asTest.MayFail = []string{"write"}
	asWorkload.Workload.MayFail = []string{"write"}
	both := []capsize.Test{asTest, asWorkload}
	for _, test := range tier.InRace(both[:1], both) {
		r, err = capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		assert.Equal(t, checker.Valid, r.Verdict, r.Reason)
	}
}

// TestFaultWithoutEffect pauses a node that has nothing to do: that is no fault that was met.
func TestFaultWithoutEffect(t *testing.T) {
	w := echoes()
	w.Invoke = func(_ context.Context, _ echoClient, in int) (int, error) { return in, nil }
	paused := func(boot func(context.Context, *cluster.Host)) *capsize.Result {
		return run(t, echo{boot: boot}, func(test *capsize.Test) {
			test.Workload, test.Nemesis = workloads.New(w), nemesis.At(time.Second, 4*time.Second, nemesis.Pauses())
		})
	}
	r := paused(nil)
	assert.Positive(t, r.Exercised.Overlapped, "calls met the fault in time alone")
	assert.Equal(t, checker.Unknown, r.Verdict)
	assert.Equal(t, "no fault had an effect, though 1 fault was injected: pause", r.Reason)
	assert.Contains(t, terminal(t, r), "unknown: no fault had an effect")

	r = paused(func(_ context.Context, h *cluster.Host) {
		var tick func()
		tick = func() { h.AfterFunc(100*time.Millisecond, tick) }
		tick()
	})
	assert.Equal(t, checker.Valid, r.Verdict, r.Reason)
	assert.Regexp(t, `^1 fault held [1-9]\d* events? up; \d+ of \d+ calls have a known outcome$`, check(t, r, "faults took effect").Reason)
}

// TestFaultsTookEffect says what faults did.
func TestFaultsTookEffect(t *testing.T) {
	r := run(t, echo{}, func(test *capsize.Test) {
		test.Nemesis = nemesis.Plan{
			{ID: 1, At: time.Second, For: time.Second, Fault: nemesis.Clogs()},
			{ID: 2, At: 3 * time.Second, For: time.Second, Fault: nemesis.FsyncFails()},
		}
	})
	assert.Regexp(t, `^1 fault cut \d+ messages?; \d+ of \d+ calls have a known outcome; without effect: fsync-fails$`, check(t, r, "faults took effect").Reason)
}

// broken is a system that breaks an assertion of its own, and nothing else.
var broken = echo{boot: func(_ context.Context, h *cluster.Host) { h.Always(h.Name() != "n2", "n2 never boots") }}

// TestExpectedMark is a test whose bug shows as an assertion that was broken.
func TestExpectedMark(t *testing.T) {
	capsize.Run(t, capsize.Test{System: broken, Workload: workloads.New(echoes()), Nodes: 3, Duration: time.Second, Seed: 1, Expect: checker.Invalid})
}

func TestBrokenMarkIsNoCrash(t *testing.T) {
	r := run(t, broken, func(test *capsize.Test) { test.Expect = checker.Invalid })
	require.Len(t, r.Findings, 1)
	assert.Equal(t, cluster.BrokenMark, r.Findings[0].Kind)
	assert.Equal(t, checker.Invalid, check(t, r, "assertions").Verdict)
	assert.Equal(t, checker.Valid, check(t, r, "no crash").Verdict)
	text := terminal(t, r)
	assert.True(t, strings.HasPrefix(text, "echoes on capsize_test.echo: an assertion was broken (expected)\n"), text)
	assert.Equal(t, 1, strings.Count(text, "not always: n2 never boots"), text)
}

func TestPanicHeadline(t *testing.T) {
	r := run(t, echo{boot: func(_ context.Context, h *cluster.Host) {
		if h.Name() == "n2" && h.Clock().Monotonic() < time.Second {
			panic("out of cheese")
		}
	}}, nil)
	assert.Contains(t, terminal(t, r), ": n2 panicked")
}

// terminal returns what a terminal shows of a run.
func terminal(t *testing.T, r *capsize.Result) string {
	t.Helper()
	page, err := r.Page("")
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, report.Text(&b, page, report.Style{}))
	return b.String()
}
