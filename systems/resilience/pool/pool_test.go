package pool_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/pool"
)

// onDatabase runs a test on a client of a database on n1.
func onDatabase(t *testing.T, d pool.Database, test func(t *testing.T, h *cluster.Host)) {
	t.Helper()
	system := cluster.Func(func(ctx context.Context, h *cluster.Host) error { return d.Serve(ctx, h) })
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: system, Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		require.True(t, c.Sleep(t.Context(), time.Second))
		test(t, c.Client(0))
		c.Stop(time.Minute)
		require.Empty(t, c.Findings())
	})
}

// pools returns a pool of each library, of one connection.
func pools(t *testing.T, h *cluster.Host) map[string]pool.Pool {
	p, err := pool.NewPuddle(h, "n1", 1)
	require.NoError(t, err)
	return map[string]pool.Pool{"database/sql": pool.NewSQL(pool.Connector{Host: h, Database: "n1"}, 1), "puddle": p}
}

// TestCancelledQuery has a query cancelled whose answer is on its way: the next query by the same pool gets its own row.
func TestCancelledQuery(t *testing.T) {
	onDatabase(t, pool.Database{}, func(t *testing.T, h *cluster.Host) {
		for name, p := range pools(t, h) {
			c, err := p.Acquire(t.Context())
			require.NoError(t, err, name)
			ctx, cancel := h.WithTimeout(t.Context(), 50*time.Millisecond)
			_, err = c.Query(ctx, pool.Query{For: 1, Takes: 100 * time.Millisecond})
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			cancel()
			c.Release()
			require.NoError(t, h.Sleep(time.Second))
			c, err = p.Acquire(t.Context())
			require.NoError(t, err, name)
			row, err := c.Query(t.Context(), pool.Query{For: 2})
			require.NoError(t, err, name)
			assert.Equal(t, pool.Row{For: 2, From: "n1"}, row, name)
			c.Release()
			p.Close()
		}
	})
}

// TestKeptCancelled has the bug: the next query gets the row of the one that was cancelled.
func TestKeptCancelled(t *testing.T) {
	onDatabase(t, pool.Database{}, func(t *testing.T, h *cluster.Host) {
		p := pool.NewSQL(pool.Connector{Host: h, Database: "n1", KeepCancelled: true}, 1)
		c, err := p.Acquire(t.Context())
		require.NoError(t, err)
		ctx, cancel := h.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err = c.Query(ctx, pool.Query{For: 1, Takes: 100 * time.Millisecond})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		c.Release()
		c, err = p.Acquire(t.Context())
		require.NoError(t, err)
		row, err := c.Query(t.Context(), pool.Query{For: 2})
		require.NoError(t, err)
		assert.Equal(t, 1, row.For)
		c.Release()
		p.Close()
	})
}

// TestDriver uses what package database/sql asks of a driver: transactions, pings, queries without a connection of one's own.
func TestDriver(t *testing.T) {
	onDatabase(t, pool.Database{}, func(t *testing.T, h *cluster.Host) {
		db := sql.OpenDB(pool.Connector{Host: h, Database: "n1"})
		require.NoError(t, db.PingContext(t.Context()))
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		var id int
		var from string
		require.NoError(t, tx.QueryRowContext(t.Context(), "any", 7, 1000).Scan(&id, &from))
		assert.Equal(t, 7, id)
		require.NoError(t, tx.Commit())
		tx, err = db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		require.NoError(t, tx.Rollback())
		_, err = db.QueryContext(t.Context(), "any")
		require.ErrorContains(t, err, "2 arguments")
		_, err = db.QueryContext(t.Context(), "any", "a", "b")
		require.ErrorContains(t, err, "no integers")
		_, err = db.PrepareContext(t.Context(), "any")
		require.ErrorIs(t, err, driver.ErrSkip)
		assert.Equal(t, 1, db.Stats().OpenConnections)
		require.NoError(t, db.Close())
		_, err = db.Driver().Open("any")
		require.Error(t, err)
	})
}

// TestRefusal has a database refuse what it does not do, over a connection that can be used again.
func TestRefusal(t *testing.T) {
	readOnly := true
	onDatabase(t, pool.Database{ReadOnly: func() bool { return readOnly }}, func(t *testing.T, h *cluster.Host) {
		c, err := pool.Dial(t.Context(), h, "n1")
		require.NoError(t, err)
		_, err = c.Query(t.Context(), pool.Query{For: 1})
		require.ErrorAs(t, err, &pool.RefusedError{})
		require.True(t, c.Usable())
		readOnly = false
		_, err = c.Query(t.Context(), pool.Query{For: 1})
		require.NoError(t, err)
		require.NoError(t, c.Close())
		_, err = c.Query(t.Context(), pool.Query{For: 1})
		require.Error(t, err)
		require.False(t, c.Usable())
		_, err = pool.Dial(t.Context(), h, "n9")
		require.ErrorContains(t, err, "connect to n9")
	})
}

// TestLibraries names whose pools there are.
func TestLibraries(t *testing.T) {
	onDatabase(t, pool.Database{}, func(t *testing.T, h *cluster.Host) {
		require.ErrorContains(t, pool.Service{Library: "hikari"}.Run(t.Context(), h), `no library "hikari"`)
	})
}
