package twopc

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/journal"
)

// onHost runs fn on a host whose log has some records.
func onHost(t *testing.T, records [][]byte, fn func(c *cluster.Cluster, h *cluster.Host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), time.Millisecond)
		h := c.Client(0)
		j, _, _, err := journal.Open(h, "log")
		require.NoError(t, err)
		for _, rec := range records { // a batch each
			require.NoError(t, j.Append(rec))
			require.NoError(t, j.Sync())
			c.Sleep(context.Background(), time.Millisecond)
			j.Wake()
		}
		fn(c, h)
		c.Stop(time.Second)
	})
}

// booted returns a node that has read the log of the host.
func booted(t *testing.T, h *cluster.Host, bugs Bug) *node {
	t.Helper()
	n := newNode(h, 77, bugs)
	require.NoError(t, n.boot())
	return n
}

var (
	first, second = id{"n1", 5, 1}, id{"n2", 6, 2}
	someWrites    = model.Txn{{F: model.TxnAppend, Key: "a", Value: 3}, {F: model.TxnWrite, Key: "b", Value: 4}}
)

func someRecords() [][]byte {
	return [][]byte{
		lifeRecord(5), keyRecord("a", &cell{list: []int{1, 2}}), keyRecord("b", &cell{value: 9}),
		preparedRecord(&branch{age: age{8, first}, writes: someWrites, others: []string{"n1", "n3"}}),
		preparedRecord(&branch{age: age{9, second}, writes: someWrites[:1]}),
		idRecord(recordAborted, second), decisionRecord(first, []string{"n1", "n2"}), {recordSeal},
	}
}

// TestBoot finds again what was prepared and decided, and locks what is in doubt.
func TestBoot(t *testing.T) {
	onHost(t, someRecords(), func(_ *cluster.Cluster, h *cluster.Host) {
		n := booted(t, h, 0)
		assert.Equal(t, []uint64{5, 77}, n.disk.lives)
		assert.Equal(t, []int{1, 2}, n.data["a"].list)
		assert.Equal(t, []id{first}, n.branches.ids())
		b := n.branches.by[first]
		assert.Equal(t, someWrites, b.writes)
		assert.Equal(t, []string{"n1", "n3"}, b.others)
		assert.Equal(t, waits, n.lockOf("a").request(branchOf(99), exclusive), "the key is locked")
		assert.Equal(t, map[id]ending{second: didAbort}, n.ended)
		assert.Equal(t, []string{"n1", "n2"}, n.decided.by[first].waiting)
	})
	onHost(t, append(someRecords(), idRecord(recordCommitted, first), idRecord(recordEnd, first)), func(_ *cluster.Cluster, h *cluster.Host) {
		n := booted(t, h, 0)
		assert.Equal(t, []int{1, 2, 3}, n.data["a"].list)
		assert.Equal(t, 4, n.data["b"].value)
		assert.Empty(t, n.branches.ids())
		assert.Empty(t, n.decided.ids())
		assert.Empty(t, n.locks)
	})
}

// TestRewritten has a journal that is written anew say the same.
func TestRewritten(t *testing.T) {
	onHost(t, someRecords(), func(_ *cluster.Cluster, h *cluster.Host) {
		n := booted(t, h, 0)
		require.NoError(t, n.disk.log.Replace(n.records()...))
		again := booted(t, h, 0)
		assert.Equal(t, []uint64{5, 77, 77}, again.disk.lives)
		again.disk.lives = n.disk.lives
		assert.Equal(t, n.records(), again.records())
		assert.Equal(t, n.data, again.data)
	})
}

// TestDamage has a node whose disk has lost something remember so: it serves its keys no more, and presumes nothing of earlier lives.
func TestDamage(t *testing.T) {
	onHost(t, someRecords(), func(c *cluster.Cluster, h *cluster.Host) {
		_, _, err := c.FlipBit(h.Name(), func(n int64) int64 { return n / 2 })
		require.NoError(t, err)
		for range 2 {
			n := booted(t, h, 0)
			assert.True(t, n.disk.lost)
			assert.Empty(t, n.data)
			assert.NotContains(t, n.disk.lives, uint64(5))
		}
	})
}

// TestRefuses has records that are whole and make no sense.
func TestRefuses(t *testing.T) {
	for _, rec := range [][]byte{{'?'}, {recordLife, 1}, {recordKey, 9}, {recordPrepared}, {recordDecision, 1, 'x'}} {
		onHost(t, [][]byte{rec}, func(_ *cluster.Cluster, h *cluster.Host) {
			assert.ErrorContains(t, Store{}.Run(context.Background(), h), "boot twopc: a record of kind '"+string(rec[:1])+"'")
		})
	}
}

func TestBugString(t *testing.T) {
	names, _ := Bugs.Names()
	for _, name := range names {
		bug, err := Bugs.Parse(name)
		require.NoError(t, err)
		assert.Equal(t, name, bug.String())
	}
}
