package capsize_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// A chatty system logs each request, and answers wrongly if it halves.
type chatty struct{ halves bool }

func (s chatty) Run(ctx context.Context, h *cluster.Host) error {
	h.SetRole("follower")
	h.Handle(func(m cluster.Message) {
		h.Log().Info("asked", "value", m.Body)
		h.Count("asked")
		if v := m.Body.(int); s.halves {
			m.Reply(v / 2)
		} else {
			m.Reply(v)
		}
	})
	waitForEver(ctx)
	return nil
}

func waitForEver(ctx context.Context) { <-ctx.Done() }

func chattyTest(halves bool) capsize.Test {
	return capsize.Test{
		System: chatty{halves}, Workload: workloads.New(echoes()), Nodes: 3, Duration: 10 * time.Second, Seed: 4,
		Nemesis: nemesis.At(2*time.Second, 5*time.Second, nemesis.Pauses(nemesis.OneNode)),
	}
}

// A run that is stopped says what goes on there and is unknown, whatever was recorded, and
// what was recorded is the beginning of the run that is not stopped.
func TestStopAt(t *testing.T) {
	test := chattyTest(true)
	whole, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	require.Equal(t, checker.Invalid, whole.Verdict)
	test.StopAt = capsize.Breakpoint{At: 4 * time.Second}
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	assert.Equal(t, checker.Unknown, r.Verdict)
	assert.Contains(t, r.Reason, "stopped at 4s")
	require.Error(t, r.Stopped)
	assert.Empty(t, r.Findings)
	require.Positive(t, r.History.Len())
	for i := range r.History.Len() {
		require.Equal(t, whole.History.At(i), r.History.At(i))
	}
	assert.Less(t, r.History.End(), 4*time.Second)
	assert.Greater(t, whole.History.At(r.History.Len()).Time, 4*time.Second)
	for _, want := range []string{
		"seed 4 at 4.000000s of virtual time, phase faults", "follower, paused", "step 1: pause n", "last ops", "INFO asked value=",
		"n1 n2 n3: 3 goroutines, chan receive\n", "capsize_test.waitForEver", "c0 ",
	} {
		assert.Contains(t, r.Snapshot, want)
	}
	assert.Equal(t, 1, strings.Count(r.Snapshot, "capsize_test.waitForEver"), "those that are alike once")
}

func TestStopAtAnInstantThatDoesNotCome(t *testing.T) {
	test := chattyTest(false)
	test.StopAt = capsize.Breakpoint{At: time.Hour}
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	assert.Equal(t, checker.Unknown, r.Verdict)
	assert.Contains(t, r.Reason, "before 1h0m0s, where it was to stop")
	assert.Empty(t, r.Snapshot)
}

func TestParseBreakpoint(t *testing.T) {
	for _, text := range []string{"22.4s", "1m2s,wait"} {
		var b capsize.Breakpoint
		err := b.UnmarshalText([]byte(text))
		require.NoError(t, err)
		assert.Equal(t, text, b.String())
	}
	for text, want := range map[string]string{"22": "missing unit", "0s": "more than 0", "1s,go": `only "wait"`} {
		assert.ErrorContains(t, new(capsize.Breakpoint).UnmarshalText([]byte(text)), want)
	}
}

// TestStopChild is run by other tests, in a process and a folder of its own.
func TestStopChild(t *testing.T) {
	if os.Getenv("CAPSIZE_TEST_STOP") == "" {
		t.Skip("for other tests")
	}
	t.Chdir(os.Getenv("CAPSIZE_TEST_STOP"))
	test := chattyTest(true)
	test.Metrics = (*capsize.Result).CallMetrics
	capsize.Run(t, test)
}

func stopChild(t *testing.T, dir string, env string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"-test.run=^TestStopChild$"}, args...)...)
	cmd.Env = append(os.Environ(), "CAPSIZE_TEST_STOP="+dir, "CAPSIZE_REPORT="+filepath.Join(dir, "reports"), "CAPSIZE_SHRINK=off", env)
	return cmd
}

// With -v, a failure shows the log lines before the counterexample and the metrics; all
// lines are beside the page, which leads to them.
func TestRunShowsLogs(t *testing.T) {
	tier.SkipRepeats(t) // TestStopAt and TestRunKeepsFailures
	dir := t.TempDir()
	out, err := stopChild(t, dir, "X=", "-test.v").CombinedOutput()
	require.Error(t, err)
	assert.Regexp(t, `the last 20 of [\d,]+ log lines before the end`, string(out))
	assert.Regexp(t, `\d\.\d{6}s n\d INFO asked value=\d+`, string(out))
	assert.Regexp(t, `p99 of calls +\d`, string(out))
	logs, err := filepath.Glob(filepath.Join(dir, "reports", "*", "log.txt"))
	require.NoError(t, err)
	require.Len(t, logs, 1)
	text, err := os.ReadFile(logs[0])
	require.NoError(t, err)
	assert.Regexp(t, `s nemesis pause n\d\n`, string(text))
	assert.Regexp(t, `s nemesis healed: pause n\d\n`, string(text))
	page, err := os.ReadFile(filepath.Join(filepath.Dir(logs[0]), "index.html"))
	require.NoError(t, err)
	assert.Contains(t, string(page), `href="./log.txt"`)
	assert.Contains(t, string(page), "<h2>Metrics</h2>")
	assert.Contains(t, string(page), "INFO asked value=")

	out, err = stopChild(t, dir, "CAPSIZE_SEED=4").CombinedOutput()
	require.Error(t, err)
	assert.NotContains(t, string(out), "INFO asked", "only with -v")
	assert.Contains(t, string(out), "log.txt")
}
