package quorumlog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/txn/internal/quorumlog"
)

// A list is a machine that keeps all commands.
type list struct{ Words []string }

func (l *list) Apply(_ uint64, word *string) any {
	l.Words = append(l.Words, *word)
	return len(l.Words)
}

func (l *list) Snapshot() []byte {
	b, _ := json.Marshal(l.Words)
	return b
}

func (l *list) Restore(b []byte) error {
	l.Words = nil
	if len(b) == 0 {
		return nil
	}
	return json.Unmarshal(b, &l.Words)
}

// A group is a cluster of nodes with one log each.
type group struct {
	options quorumlog.Options
	logs    map[string]*quorumlog.Log[string]
	lists   map[string]*list
}

// Run runs one node: it passes messages and ticks to the log.
func (g *group) Run(ctx context.Context, h *cluster.Host) error {
	state := &list{}
	log, err := quorumlog.Open(h, "words", state, g.options)
	if err != nil {
		return err
	}
	g.logs[h.Name()], g.lists[h.Name()] = log, state
	h.Handle(log.Receive)
	var timer *cluster.Timer
	timer = h.AfterFunc(quorumlog.TickEvery, func() {
		timer.Reset(quorumlog.TickEvery)
		log.Tick()
	})
	<-ctx.Done()
	return nil
}

func (*group) EventDriven() {}

// leader returns the node that serves.
func (g *group) leader() string {
	for _, name := range []string{"n1", "n2", "n3"} {
		if l := g.logs[name]; l != nil && l.Serves() {
			return name
		}
	}
	return ""
}

// propose has the leader of the moment append a word, and returns where.
func (g *group) propose(c *cluster.Cluster, word string) string {
	leader := g.leader()
	c.At(c.Now(), leader, func() { g.logs[leader].Propose(&word, nil) })
	c.Sleep(context.Background(), 300*time.Millisecond)
	return leader
}

func inGroup(t *testing.T, o quorumlog.Options, fn func(c *cluster.Cluster, g *group)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := &group{o, map[string]*quorumlog.Log[string]{}, map[string]*list{}}
		c, err := cluster.New(cluster.Config{System: g, Nodes: 3, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(t.Context(), 4*time.Second)
		fn(c, g)
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}

func TestOrderOutlivesLeadersAndBlackouts(t *testing.T) {
	inGroup(t, quorumlog.Options{SnapshotEvery: 3}, func(c *cluster.Cluster, g *group) {
		var want []string
		for i := range 12 {
			word := fmt.Sprint("w", i)
			leader := g.propose(c, word)
			require.NotEmpty(t, leader)
			want = append(want, word)
			crash := []string{leader}
			if i%3 == 2 {
				crash = c.Nodes()
			}
			for _, n := range crash {
				c.Crash(n)
				delete(g.logs, n)
			}
			c.Sleep(context.Background(), 3*time.Second)
			c.Heal()
			c.Sleep(context.Background(), 4*time.Second)
		}
		for _, n := range c.Nodes() {
			assert.Equal(t, want, g.lists[n].Words, n)
			assert.True(t, g.logs[n].CaughtUp())
		}
	})
}

// TestADeposedLeaderServesNoMore has the leader cut off: it must stop before the others have another.
func TestADeposedLeaderServesNoMore(t *testing.T) {
	inGroup(t, quorumlog.Options{}, func(c *cluster.Cluster, g *group) {
		old := g.leader()
		var rest []string
		for _, n := range c.Nodes() {
			if n != old {
				rest = append(rest, n)
			}
		}
		heal := c.Partition([]string{old}, rest)
		word := "lost"
		ended := false
		c.At(c.Now(), old, func() {
			g.logs[old].Propose(&word, func(_ any, applied bool) { ended = !applied })
		})
		for range 80 {
			c.Sleep(context.Background(), 50*time.Millisecond)
			serving := 0
			for _, n := range c.Nodes() {
				if g.logs[n].Serves() {
					serving++
				}
			}
			assert.LessOrEqual(t, serving, 1)
		}
		assert.True(t, ended, "what was proposed has an end")
		require.NotEqual(t, old, g.propose(c, "kept"))
		heal()
		c.Sleep(context.Background(), 2*time.Second)
		assert.Equal(t, []string{"kept"}, g.lists[old].Words)
	})
}

// TestALyingDiskIsRecovered has a node forget what it acknowledged; it takes the leader's state then.
func TestALyingDiskIsRecovered(t *testing.T) {
	inGroup(t, quorumlog.Options{}, func(c *cluster.Cluster, g *group) {
		leader := g.leader()
		liar := "n1"
		if leader == liar {
			liar = "n2"
		}
		c.ImpairDisk(liar, cluster.DiskImpairment{Lie: true})
		g.propose(c, "a")
		g.propose(c, "b")
		c.Crash(liar)
		c.Sleep(context.Background(), 100*time.Millisecond)
		c.Heal()
		c.Sleep(context.Background(), 4*time.Second)
		assert.Equal(t, []string{"a", "b"}, g.lists[liar].Words)
	})
}
