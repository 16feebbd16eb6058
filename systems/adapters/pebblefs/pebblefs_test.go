package pebblefs_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/adapters/pebblefs"
)

// on runs a test on a cluster of one node that only is: h returns its present life.
func on(t *testing.T, test func(t *testing.T, c *cluster.Cluster, h func() *cluster.Host)) {
	synctest.Test(t, func(t *testing.T) {
		var host *cluster.Host
		node := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
			host = h
			<-ctx.Done()
			return nil
		})
		c, err := cluster.New(cluster.Config{System: node, Nodes: 1, Seed: 7, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		defer c.Stop(time.Second)
		c.Sleep(t.Context(), time.Millisecond)
		test(t, c, func() *cluster.Host { return host })
	})
}

// reboot crashes the node, and boots it.
func reboot(c *cluster.Cluster) {
	c.Crash("n1")
	c.Sleep(context.Background(), time.Millisecond)
	c.Restart("n1")
	c.Sleep(context.Background(), time.Millisecond)
}

// value returns what a database has for a key, and "" for nothing.
func value(t *testing.T, db *pebble.DB, key string) string {
	b, c, err := db.Get([]byte(key))
	if errors.Is(err, pebble.ErrNotFound) {
		return ""
	}
	require.NoError(t, err)
	defer c.Close()
	return string(b)
}

// What was synced outlives crashes, in the log and in tables; what was not is gone.
func TestCrash(t *testing.T) {
	on(t, func(t *testing.T, c *cluster.Cluster, h func() *cluster.Host) {
		db, err := pebble.Open("a/db", pebblefs.Options(h()))
		require.NoError(t, err)
		for i := range 100 {
			require.NoError(t, db.Set(fmt.Appendf(nil, "k%02d", i), []byte("flushed"), pebble.Sync))
		}
		require.NoError(t, db.Flush())
		require.NoError(t, db.Set([]byte("k00"), []byte("logged"), pebble.Sync))
		require.NoError(t, db.Set([]byte("k01"), []byte("lost"), pebble.NoSync))
		assert.Equal(t, "lost", value(t, db, "k01"))
		reboot(c)
		require.NoError(t, db.Set([]byte("k02"), []byte("by a ghost"), pebble.Sync))
		require.NoError(t, db.Close(), "a database can be closed after the crash of its host")
		db, err = pebble.Open("a/db", pebblefs.Options(h()))
		require.NoError(t, err)
		assert.Equal(t, []string{"logged", "flushed", "flushed"}, []string{value(t, db, "k00"), value(t, db, "k01"), value(t, db, "k02")})
		require.NoError(t, db.Close())
		require.Empty(t, c.Findings())
	})
}

// A write that can't be ends the life of the host and not the process of the test.
func TestDiskFails(t *testing.T) {
	for _, x := range []cluster.DiskImpairment{{Full: true}, {FailSyncs: 1}, {Fail: 1}} {
		on(t, func(t *testing.T, c *cluster.Cluster, h func() *cluster.Host) {
			db, err := pebble.Open("db", pebblefs.Options(h()))
			require.NoError(t, err)
			c.ImpairDisk("n1", x)
			require.NoError(t, db.Set([]byte("k"), []byte("v"), pebble.Sync), "the answer does not leave the host")
			require.NoError(t, db.Flush())
			c.Sleep(t.Context(), 10*time.Millisecond)
			assert.False(t, c.Up("n1"))
			require.NoError(t, db.Close())
			c.Sleep(t.Context(), 2*time.Second)
			assert.True(t, c.Up("n1"), "it boots again after a second")
			c.Heal()
			db, err = pebble.Open("db", pebblefs.Options(h()))
			require.NoError(t, err)
			assert.Empty(t, value(t, db, "k"))
			require.NoError(t, db.Close())
			require.Empty(t, c.Findings())
		})
	}
}

func TestFS(t *testing.T) {
	on(t, func(t *testing.T, _ *cluster.Cluster, h func() *cluster.Host) {
		f := pebblefs.New(h())
		require.NoError(t, f.MkdirAll("d/e", 0o755))
		a, err := f.Create("d/a", vfs.WriteCategoryUnspecified)
		require.NoError(t, err)
		_, err = a.Write([]byte("one"))
		require.NoError(t, err)
		require.NoError(t, f.Link("d/a", "d/b"))
		again, err := f.Create("d/a", vfs.WriteCategoryUnspecified)
		require.NoError(t, err)
		require.NoError(t, again.Close())
		i, err := f.Stat("d/b")
		require.NoError(t, err)
		assert.Equal(t, int64(3), i.Size(), "Create makes another file")
		reused, err := f.ReuseForWrite("d/b", "d/c", vfs.WriteCategoryUnspecified)
		require.NoError(t, err)
		_, err = reused.Write([]byte("tw"))
		require.NoError(t, err)
		b := make([]byte, 3)
		_, err = reused.ReadAt(b, 0)
		require.NoError(t, err)
		assert.Equal(t, "twe", string(b))
		names, err := f.List("d")
		require.NoError(t, err)
		assert.Equal(t, []string{"a", "c", "e"}, names)
		_, err = f.Open("d/none")
		require.ErrorIs(t, err, fs.ErrNotExist)
		l, err := f.Lock("d/LOCK")
		require.NoError(t, err)
		_, err = f.Lock("d/LOCK")
		require.Error(t, err)
		require.NoError(t, l.Close())
		l, err = f.Lock("d/LOCK")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		require.NoError(t, f.RemoveAll("d"))
		_, err = f.Stat("d")
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
}

// A node opens its database on the disk of its host, in each of its lives.
func Example() {
	node := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
		db, err := pebble.Open("data", pebblefs.Options(h))
		if err != nil {
			return err
		}
		<-ctx.Done() // a crash: serve until then
		return db.Close()
	})
	if _, err := cluster.New(cluster.Config{System: node, Nodes: 1, Wait: func() {}}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("ok")
	// Output: ok
}
