package servers_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/systems/adapters/servers"
)

// keep has a process append what happened to a file.
const keep = "CAPSIZE_TEST_SERVERS_FILE"

// needRuntime skips in a stock build.
func needRuntime(t *testing.T) {
	t.Helper()
	if !schedule.Active() {
		t.Skip("program on hosts: this needs the deterministic runtime; run it with capsize test")
	}
}

// TestServers has each server asked before a crash of its host and after the boot.
func TestServers(t *testing.T) {
	needRuntime(t)
	for _, s := range servers.All() {
		t.Run(filepath.Base(strings.TrimSuffix(s.Module, "/v2")), func(t *testing.T) {
			schedule.Start(1, schedule.Random(4))
			r := &run{}
			synctest.Test(t, func(t *testing.T) { r.do(t, s) })
			if name := os.Getenv(keep); name != "" {
				r.keep(t, name)
			}
			t.Logf("%s: %d answers before the crash and %d after the boot, first %q, findings %v", s.Module, r.before, r.after, r.first, r.findings)
			if testing.Verbose() && t.Failed() {
				t.Log(r.text)
			}
			assert.Positive(t, r.before, "answers before the crash")
			if s.Fails != "" {
				assert.Contains(t, fmt.Sprint(r.findings), s.Fails)
				return
			}
			assert.Empty(t, r.findings)
			assert.Positive(t, r.after, "answers after the boot")
		})
	}
}

// A run is what happened to a server.
type run struct {
	before, after int // answers
	first         string
	findings      []cluster.Finding
	text          string // the trace and all logs
}

// The times of a run.
const (
	crash = 4 * time.Second
	boot  = 5 * time.Second
	end   = 12 * time.Second
)

// do runs a server on three nodes, and asks it all the time.
func (r *run) do(t *testing.T, s servers.Server) {
	t.Helper()
	c, err := cluster.New(cluster.Config{System: cluster.Program(s.Boot), Nodes: 3, Clients: 1, Seed: 7, Wait: synctest.Wait})
	require.NoError(t, err)
	require.NoError(t, c.Start())
	until := func(at time.Duration) { require.True(t, c.Sleep(t.Context(), at-c.Now())) }
	until(time.Second)
	c.At(c.Now(), "c0", func() {
		go func() {
			for i := 0; ; i++ {
				r.ask(c, s, i)
				time.Sleep(200 * time.Millisecond)
			}
		}()
	})
	until(crash)
	c.Crash("n1")
	until(boot)
	c.Restart("n1")
	until(end)
	r.findings = c.Findings()
	c.Stop(time.Second)
	var b strings.Builder
	_, err = c.Logs().WriteTo(&b)
	require.NoError(t, err)
	r.text = fmt.Sprintf("%016x %v\n%s", c.Trace(), c.Stats(), b.String())
}

// ask asks once, as a client, and prints what came.
func (r *run) ask(c *cluster.Cluster, s servers.Server, i int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	answer, err := s.Ask(ctx, i)
	fmt.Println("ask", i, answer, err)
	switch {
	case err != nil:
	case c.Now() < crash:
		if r.before++; r.before == 1 {
			r.first = answer
		}
	case c.Now() > boot:
		r.after++
	}
}

// keep appends the run to a file.
func (r *run) keep(t *testing.T, name string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = fmt.Fprintf(f, "RUN %s\n%s\n", t.Name(), r.text)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// TestServersAreAlike compares the traces and logs of all servers in two fresh processes, one with one processor and one with four.
func TestServersAreAlike(t *testing.T) {
	needRuntime(t)
	one, four := fresh(t, 1), fresh(t, 4)
	require.Len(t, four, len(one))
	require.Len(t, one, len(servers.All()))
	for i, a := range one {
		name, _, _ := strings.Cut(a, "\n")
		assert.Equal(t, strings.Split(a, "\n"), strings.Split(four[i], "\n"), "%s: logs of two processes", name)
	}
}

// fresh returns what happened in a fresh process with so many processors, by server.
func fresh(t *testing.T, processors int) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "runs")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServers$")
	cmd.Env = append(os.Environ(), keep+"="+file, fmt.Sprint("GOMAXPROCS=", processors))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.Split(string(b), "RUN ")[1:]
}
