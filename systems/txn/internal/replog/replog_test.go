package replog_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/txn/internal/replog"
)

// A counter counts its entries, each of which says what the count is to be after it.
type counter struct {
	t     testing.TB
	log   *replog.Log
	count int
	leads bool
}

func (m *counter) Apply(index uint64, data []byte) {
	m.count++
	assert.Equal(m.t, strconv.Itoa(m.count), string(data), "entry %d", index)
	if m.log.Behind() >= 50 {
		m.log.Compact(index, []byte(strconv.Itoa(m.count)))
	}
}

func (m *counter) Restore(state []byte) (err error) {
	m.count = 0
	if len(state) > 0 {
		m.count, err = strconv.Atoi(string(state))
	}
	return err
}

func (m *counter) Elected() { m.leads = true }
func (m *counter) Deposed() { m.leads = false }

// inCluster runs fn beside three nodes with a log, one of which leads. It is answered what a node has counted, and has the leader append
// an entry if it asks to.
func inCluster(t *testing.T, fn func(c *cluster.Cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		node := cluster.Func(func(ctx context.Context, h *cluster.Host) (err error) {
			m := &counter{t: t}
			if m.log, err = replog.Open(h, replog.Config{Group: "test", Machine: m}); err != nil {
				return err
			}
			h.Handle(func(msg cluster.Message) {
				if m.log.Receive(msg) {
					return
				}
				switch msg.Body {
				case "leads":
					if m.leads {
						msg.Reply(1)
					} else {
						msg.Reply(0)
					}
					return
				case "add":
					assert.Equal(t, m.leads, m.log.Propose([]byte(strconv.Itoa(m.count+1))))
				case "transfer":
					m.log.Transfer()
				}
				if m.leads {
					assert.Equal(t, h.Name(), m.log.Leader())
				}
				msg.Reply(m.count)
			})
			<-ctx.Done()
			return nil
		})
		c, err := cluster.New(cluster.Config{System: node, Nodes: 3, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), 3*time.Second)
		fn(c)
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}

// ask asks a node, or each that is up if none is named, and returns the last answer.
func ask(t *testing.T, c *cluster.Cluster, what string, names ...string) (count int) {
	t.Helper()
	if len(names) == 0 {
		names = c.Nodes()
	}
	for _, name := range names {
		ctx, cancel := c.Client(0).WithTimeout(context.Background(), 100*time.Millisecond)
		n, err := cluster.Ask[int](ctx, c.Client(0), name, what)
		cancel()
		if err == nil {
			count = n
		}
	}
	return count
}

func add(t *testing.T, c *cluster.Cluster, n int) {
	t.Helper()
	for range n {
		ask(t, c, "add")
		c.Sleep(context.Background(), 20*time.Millisecond)
	}
}

// TestBehind has a node miss more than the others keep, so that it is sent a snapshot.
func TestBehind(t *testing.T) {
	inCluster(t, func(c *cluster.Cluster) {
		c.Crash("n3")
		c.Sleep(context.Background(), 3*time.Second)
		add(t, c, 320)
		c.Restart("n3")
		c.Sleep(context.Background(), 3*time.Second)
		for _, name := range c.Nodes() {
			assert.Equal(t, 320, ask(t, c, "", name), name)
		}
	})
}

// TestTransfer hands the leadership on.
func TestTransfer(t *testing.T) {
	inCluster(t, func(c *cluster.Cluster) {
		for range 10 {
			add(t, c, 3)
			ask(t, c, "transfer")
			c.Sleep(context.Background(), 500*time.Millisecond)
		}
		assert.Equal(t, 30, ask(t, c, "", "n2"))
		stats := c.Stats()
		assert.Zero(t, stats.LeaderChanges, "the log itself sets no role")
	})
}

// TestTransferPassesOver has the leadership pass over a node that is gone, and the group go on at once.
func TestTransferPassesOver(t *testing.T) {
	inCluster(t, func(c *cluster.Cluster) {
		leader := func() int {
			return slices.IndexFunc(c.Nodes(), func(name string) bool { return ask(t, c, "leads", name) == 1 })
		}
		for round := range 3 {
			was := leader()
			gone := (was + 1) % 3
			c.Crash(c.Nodes()[gone])
			c.Sleep(context.Background(), time.Second)
			ask(t, c, "transfer", c.Nodes()[was])
			c.Sleep(context.Background(), 300*time.Millisecond)
			now := leader()
			require.Equal(t, (was+2)%3, now)
			for i := range 3 {
				ask(t, c, "add", c.Nodes()[now])
				c.Sleep(context.Background(), 20*time.Millisecond)
				assert.Equal(t, 3*round+i+1, ask(t, c, "", c.Nodes()[now]))
			}
			c.Restart(c.Nodes()[gone])
			c.Sleep(context.Background(), 2*time.Second)
		}
	})
}

// TestDamage damages what a node had synced: it has to get it from the leader before it votes again.
func TestDamage(t *testing.T) {
	inCluster(t, func(c *cluster.Cluster) {
		add(t, c, 30)
		_, heal, err := c.FlipBit("n2", func(int64) int64 { return 1000 })
		require.NoError(t, err)
		c.Crash("n2")
		c.Restart("n2")
		c.Sleep(context.Background(), 5*time.Second)
		assert.Equal(t, 30, ask(t, c, "", "n2"))
		marks, _ := c.Marks()
		assert.Equal(t, 1, marks["log damaged"])
		assert.Equal(t, 1, marks["log recovered"])
		heal()
		c.Crash("n1")
		c.Sleep(context.Background(), 3*time.Second)
		add(t, c, 5)
		assert.Equal(t, 35, ask(t, c, "", "n3"))
	})
}
