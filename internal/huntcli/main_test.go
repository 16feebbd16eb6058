//go:build unix

package huntcli

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/hunt/campaign"
)

// Variables that make this test binary the command, and that give it a limit to the size of files.
const (
	asCommand = "CAPSIZE_TEST_AS_HUNT"
	fileLimit = "CAPSIZE_TEST_FILE_LIMIT"
)

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) == "" {
		os.Exit(m.Run())
	}
	if text := os.Getenv(fileLimit); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err == nil {
			err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n})
		}
		if err != nil {
			panic(err)
		}
	}
	Main()
}

// A result is what a command printed and ended with.
type result struct {
	code        int
	out, errors string
}

// command returns the command with these arguments, in a folder, as a process.
func command(dir string, env []string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir, cmd.Env = dir, append(append(os.Environ(), asCommand+"=1", "CAPSIZE_PROGRAM=capsize"), env...)
	return cmd
}

// typed runs the command to its end.
func typed(t *testing.T, dir string, env []string, args ...string) result {
	t.Helper()
	cmd := command(dir, env, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// short is a hunt of short runs, of which about one in eight is invalid.
func short(more ...string) []string {
	return append(strings.Fields("hunt --system raftkv --bug ack-before-sync --nemesis crash --nodes 3 --clients 3 --duration 6s --settle 3s --into campaign"), more...)
}

// runsOf returns all runs of a campaign, without what differs between two machines or times.
func runsOf(t *testing.T, dir string) (all []campaign.Run) {
	t.Helper()
	c, err := campaign.Read(t.Context(), dir)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.All(t.Context(), func(r campaign.Run) error {
		r.Run.CPU, r.Version = 0, campaign.Version{}
		all = append(all, r)
		return nil
	}))
	return all
}

// summaryOf returns what hunt list --json prints.
func summaryOf(t *testing.T, dir, into string) (x summaryLine) {
	t.Helper()
	r := typed(t, dir, nil, "hunt", "list", "--json", "--into", into)
	require.Zero(t, r.code, r.errors)
	require.NoError(t, json.Unmarshal([]byte(r.out), &x))
	return x
}

func exists(path ...string) bool {
	_, err := os.Stat(filepath.Join(path...))
	return err == nil
}
