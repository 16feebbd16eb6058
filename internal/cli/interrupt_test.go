//go:build unix

package cli

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
)

// In a process that is to give a sign, a fault that harms no node makes a file: the
// clients have been at work for a while by then. No other process has that fault.
func init() {
	file := os.Getenv("CAPSIZE_TEST_SIGN")
	if file == "" {
		return
	}
	nemesis.New("sign-of-life", func(context.Context, *cluster.Cluster, *rand.Rand) (string, func(), error) {
		return "at work", func() {}, os.WriteFile(file, nil, 0o644)
	})
}

// startLong starts a run that would take hours, and waits until its clients have been at
// work for a while.
func startLong(t *testing.T, dir string, out, rest *bytes.Buffer, args ...string) *exec.Cmd {
	t.Helper()
	plan := filepath.Join(dir, "plan.json")
	require.NoError(t, os.WriteFile(plan, []byte(`[{"id": 1, "at": "1s", "for": "1s", "fault": {"kind": "sign-of-life"}}]`), 0o644))
	cmd := command(t, dir, append(args, "--duration", "1000h", "--rate", "1000", "--plan", plan)...)
	cmd.Env = append(os.Environ(), "CAPSIZE_TEST_SIGN="+filepath.Join(dir, "at-work"))
	cmd.Stdout, cmd.Stderr = out, rest
	require.NoError(t, cmd.Start())
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() { timer.Stop() })
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(dir, "at-work"))
		return err == nil
	}, time.Minute, 10*time.Millisecond)
	return cmd
}

// command returns the command capsize run in a folder, as another process.
func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	// testscript's TestMain runs the command if the program bears its name.
	link := filepath.Join(dir, "capsize")
	if _, err := os.Lstat(link); err != nil {
		require.NoError(t, os.Symlink(self, link))
	}
	cmd := exec.Command(link, append([]string{"run", "--report", "reports"}, args...)...)
	cmd.Dir = dir
	return cmd
}

// TestKilled kills a run with SIGKILL: the next run says so, and keeps what it recorded,
// which can be replayed.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	var out, rest bytes.Buffer
	cmd := startLong(t, dir, &out, &rest, "--seed", "7")
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())

	next := command(t, dir, "--seed", "1", "--duration", "1s", "--settle", "2s", "--nemesis", "none")
	next.Stderr = &rest
	_ = next.Run() // its verdict is of no interest
	require.Regexp(t, `^capsize: the last run was cut short: seed 7, \d+ ops recorded until \S+; see reports/cut-short-seed-7/history.jsonl\n`, rest.String())
	require.Contains(t, rest.String(), "the process ended without a word")
	require.Regexp(t, `To re-run:\n.* replay reports/cut-short-seed-7\n`, rest.String())
	record, err := os.ReadFile(filepath.Join(dir, "reports", "cut-short-seed-7", recordFile))
	require.NoError(t, err)
	require.Contains(t, string(record), `"seed": 7`)
	require.Contains(t, string(record), `"kind": "sign-of-life"`, "the plan")
	history, err := os.ReadFile(filepath.Join(dir, "reports", "cut-short-seed-7", historyFile))
	require.NoError(t, err)
	require.Greater(t, strings.Count(string(history), "\n"), 100)
	require.NoDirExists(t, filepath.Join(dir, "reports", runningDir))
}

// TestInterrupt stops a sweep in its first run, which would take hours: that run
// ends, with its history and its page, and counts as none of the sweep's.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	var out, rest bytes.Buffer
	cmd := startLong(t, dir, &out, &rest, "--seed", "1", "--seeds", "2")
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	err := cmd.Wait()

	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%s%s", &out, &rest)
	require.Equal(t, exitUnknown, exit.ExitCode(), "%s%s", &out, &rest)
	require.Contains(t, rest.String(), "capsize: interrupted after 0 of 2 runs")
	require.Contains(t, out.String(), "\n0 of 2 runs of register on raftkv under plan plan.json\n")
	require.NotContains(t, out.String(), dir, "no path of this machine")
	require.Regexp(t, `(?m)^unknown +0$`, out.String())
	require.Regexp(t, `(?m)^interrupted, not counted: seed 1 +reports/`, out.String())
	require.Contains(t, out.String(), "the run was cut short: interrupted")
	pages, err := filepath.Glob(filepath.Join(dir, "reports", "*", "index.html"))
	require.NoError(t, err)
	require.Len(t, pages, 1)
	history, err := os.ReadFile(filepath.Join(filepath.Dir(pages[0]), historyFile))
	require.NoError(t, err)
	require.Greater(t, strings.Count(string(history), "\n"), 0)
}
