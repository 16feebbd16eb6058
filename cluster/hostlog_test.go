package cluster_test

import (
	"bytes"
	"fmt"
	"log"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// Lines carry the host and the virtual time, in order, whatever way they were logged.
func TestHostLog(t *testing.T) {
	var logs *cluster.Log
	withFixture(t, func(t *testing.T, r *fixture) {
		logs = r.Logs()
		r.pass(time.Second)
		r.host("n1").Log().Info("elected", "term", 3, slog.Group("peer", "name", "n 2"))
		r.pass(time.Second)
		r.host("n2").Log().With("a", 1).WithGroup("g").Debug("two\nlines", "b", 2)
		log.New(r.host("n3").LogWriter(), "raft: ", 0).Printf("[WARN] lost %d", 7)
		w := r.host("n3").LogWriter()
		fmt.Fprint(w, "in ")
		fmt.Fprint(w, "pieces\nno end")
		r.Crash("n1")
		r.pass(time.Millisecond)
		r.host("n1").Log().Error("from a life that is over")
	})
	var b bytes.Buffer
	_, err := logs.WriteTo(&b)
	require.NoError(t, err)
	assert.Equal(t, `1.001000s n1 INFO elected term=3 peer.name="n 2"
2.001000s n2 DEBUG two
	lines a=1 g.b=2
2.001000s n3 WARN raft: [WARN] lost 7
2.001000s n3 INFO in pieces
2.002000s n1 ERROR from a life that is over
`, b.String())
	assert.Equal(t, 5, logs.Len())
	require.NoError(t, logs.Err())
}

// Logging moves no event: a run that logs is the run that does not.
func TestHostLogChangesNothing(t *testing.T) {
	run := func(lines int) uint64 {
		return withFixture(t, func(t *testing.T, r *fixture) {
			for range 20 {
				for range lines {
					r.host("n1").Log().Info("a line")
				}
				r.host("n1").Send("n2", "x")
				r.pass(10 * time.Millisecond)
			}
		})
	}
	assert.Equal(t, run(0), run(30))
}

// What does not fit into memory goes to a file, and comes back in order.
func TestHostLogSpills(t *testing.T) {
	const n = 3 * cluster.LogMemory / (1000 + 64)
	var logs *cluster.Log
	withFixture(t, func(t *testing.T, r *fixture) {
		logs = r.Logs()
		l := r.host("n1").Log()
		for i := range n {
			l.Info(fmt.Sprintf("%06d%s", i, strings.Repeat("x", 994)))
			if i%1000 == 0 {
				r.pass(time.Second)
			}
		}
	})
	require.Equal(t, n, logs.Len())
	i := 0
	for l := range logs.All() {
		require.Equal(t, fmt.Sprintf("%06d", i), l.Text[:6])
		i++
	}
	assert.Equal(t, n, i)
	last := logs.Tail(4*time.Second, 20)
	require.Len(t, last, 20)
	assert.True(t, slices.IsSortedFunc(last, func(a, b cluster.LogLine) int { return strings.Compare(a.Text, b.Text) }))
	assert.LessOrEqual(t, last[19].At, 4*time.Second)
	require.NoError(t, logs.Err())
}
