package sqldriver_test

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
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/sqldriver"
	"github.com/capsize-go/capsize/systems/txn/ssi"
)

// inCluster runs fn beside a database on three nodes, with a pool of connections to each of the first two.
func inCluster(t *testing.T, o sqldriver.Options, fn func(c *cluster.Cluster, a, b *sql.DB)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: ssi.Store{}, Nodes: 3, Clients: 2, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(t.Context(), 4*time.Second)
		a, b := sqldriver.Open(ssi.Store{}, c.Client(0), o), sqldriver.Open(ssi.Store{}, c.Client(1), o)
		fn(c, a, b)
		require.NoError(t, a.Close())
		require.NoError(t, b.Close())
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}

// one returns the only column of the only row of a query.
func one(t *testing.T, q interface {
	QueryRow(query string, args ...any) *sql.Row
}, query string, args ...any) (v any) {
	t.Helper()
	err := q.QueryRow(query, args...).Scan(&v)
	require.NoError(t, err)
	return v
}

func TestStatements(t *testing.T) {
	inCluster(t, sqldriver.Options{}, func(c *cluster.Cluster, a, b *sql.DB) {
		ctx := context.Background()
		tx, err := a.BeginTx(ctx, nil)
		require.NoError(t, err)
		assert.Equal(t, "[]", one(t, tx, "SELECT v FROM lists WHERE k = ?", "x"))
		for i, s := range []string{"UPDATE lists SET v = v || ? WHERE k = 'x'", "update lists set v = v || $1 where k = 'x';"} {
			_, err = tx.Exec(s, i+1)
			require.NoError(t, err)
		}
		_, err = tx.Exec("UPSERT INTO registers VALUES ('it''s', 7)")
		require.NoError(t, err)
		assert.Equal(t, "[1,2]", one(t, tx, "SELECT v FROM lists WHERE k = ? FOR UPDATE", "x"), "it sees its own writes")
		assert.Equal(t, "[]", one(t, b, "SELECT v FROM lists WHERE k = ?", "x"), "others do not, before it commits")
		require.NoError(t, tx.Commit())
		assert.Equal(t, "[1,2]", one(t, b, "SELECT v FROM lists WHERE k = ?", "x"))
		assert.Equal(t, int64(7), one(t, b, "SELECT v FROM registers WHERE k = ?", "it's"))
		var v any
		assert.ErrorIs(t, b.QueryRow("SELECT v FROM registers WHERE k = 'y'").Scan(&v), sql.ErrNoRows)
		for _, k := range []string{"ben", "ann"} {
			_, err = b.Exec("INSERT INTO rows VALUES (?, ?)", k, 3)
			require.NoError(t, err)
		}
		found, err := a.Query("SELECT k FROM rows WHERE v = 3")
		require.NoError(t, err)
		var all []string
		for found.Next() {
			var k string
			require.NoError(t, found.Scan(&k))
			all = append(all, k)
		}
		require.NoError(t, found.Err())
		assert.Equal(t, []string{"ann", "ben"}, all)
		prepared, err := a.Prepare("DELETE FROM rows WHERE k = ?")
		require.NoError(t, err)
		_, err = prepared.Exec("ann")
		require.NoError(t, err)
		_, err = prepared.Exec("ann")
		assert.ErrorIs(t, err, model.ErrAborted, "there is no such row any more")
		require.NoError(t, prepared.Close())
	})
}

func TestRollback(t *testing.T) {
	inCluster(t, sqldriver.Options{}, func(c *cluster.Cluster, a, b *sql.DB) {
		tx, err := a.BeginTx(context.Background(), nil)
		require.NoError(t, err)
		_, err = tx.Exec("UPDATE registers SET v = 1 WHERE k = 'x'")
		require.NoError(t, err)
		require.NoError(t, tx.Rollback())
		var v any
		assert.ErrorIs(t, b.QueryRow("SELECT v FROM registers WHERE k = 'x'").Scan(&v), sql.ErrNoRows)
		assert.Equal(t, 1, a.Stats().Idle, "the connection is used again")
	})
}

// TestConflicts has two transactions read and write the same row, at each level.
func TestConflicts(t *testing.T) {
	for _, row := range []struct {
		level sql.IsolationLevel
		read  string
		lost  bool // both commit, and one update is lost
	}{
		{sql.LevelSerializable, "SELECT v FROM registers WHERE k = 'x'", false},
		{sql.LevelSnapshot, "SELECT v FROM registers WHERE k = 'x'", false},
		{sql.LevelReadCommitted, "SELECT v FROM registers WHERE k = 'x'", true},
		{sql.LevelReadCommitted, "SELECT v FROM registers WHERE k = 'x' FOR UPDATE", false},
	} {
		inCluster(t, sqldriver.Options{}, func(c *cluster.Cluster, a, b *sql.DB) {
			_, err := a.Exec("UPDATE registers SET v = 1 WHERE k = 'x'")
			require.NoError(t, err)
			first, second := begin(t, a, row.level), begin(t, b, row.level)
			assert.Equal(t, int64(1), one(t, first, row.read))
			var v any
			errRead := second.QueryRow(row.read).Scan(&v)
			_, err = first.Exec("UPDATE registers SET v = 2 WHERE k = 'x'")
			require.NoError(t, err)
			require.NoError(t, first.Commit())
			_, errWrite := second.Exec("UPDATE registers SET v = 3 WHERE k = 'x'")
			errCommit := second.Commit()
			assert.Equal(t, row.lost, errRead == nil && errWrite == nil && errCommit == nil, "%v, %q: %v, %v, %v", row.level, row.read, errRead, errWrite, errCommit)
			if !row.lost {
				assert.ErrorIs(t, errCommit, model.ErrAborted)
			}
		})
	}
}

func begin(t *testing.T, db *sql.DB, level sql.IsolationLevel) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(context.Background(), &sql.TxOptions{Isolation: level})
	require.NoError(t, err)
	return tx
}

func TestRefuses(t *testing.T) {
	inCluster(t, sqldriver.Options{}, func(c *cluster.Cluster, a, _ *sql.DB) {
		ctx := context.Background()
		_, err := a.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
		assert.ErrorContains(t, err, "no isolation level Repeatable Read: the database has Serializable, Snapshot and Read Committed")
		tx, err := a.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		require.NoError(t, err)
		_, err = tx.Exec("UPDATE registers SET v = 1 WHERE k = 'x'")
		assert.ErrorContains(t, err, "read only")
		require.NoError(t, tx.Rollback())
		_, err = a.Exec("UPDATE registers SET v = ? WHERE k = 'x'", 0)
		assert.ErrorContains(t, err, `the value "0" is no number above 0`)
		_, err = a.Exec("UPDATE registers SET v = ? WHERE k = 'x'")
		assert.ErrorContains(t, err, "0 arguments for 1 placeholders")
		_, err = a.Exec("SELECT v FROM lists WHERE k = 'x'")
		assert.ErrorContains(t, err, "it is a query")
		_, err = a.Query("DELETE FROM rows WHERE k = 'x'")
		assert.ErrorContains(t, err, "it is no query")
		_, err = a.Driver().Open("somewhere")
		assert.ErrorContains(t, err, "use sqldriver.Open")
	})
}

// TestLostAnswers cuts a client off from its node. A COMMIT and a statement that writes are sent once, and may have happened; what is
// harmless is sent again.
func TestLostAnswers(t *testing.T) {
	for _, bugs := range []sqldriver.Bug{0, sqldriver.BadConn} {
		inCluster(t, sqldriver.Options{ReadTimeout: 200 * time.Millisecond, Bugs: bugs}, func(c *cluster.Cluster, a, b *sql.DB) {
			tx, err := a.BeginTx(context.Background(), nil)
			require.NoError(t, err)
			_, err = tx.Exec("UPDATE lists SET v = v || 1 WHERE k = 'x'")
			require.NoError(t, err)
			heal := c.Impair("n1", "c0", cluster.Impairment{Lose: 1}) // answers are lost
			err = tx.Commit()
			if bugs == 0 {
				require.ErrorIs(t, err, sqldriver.ErrUnknown)
				assert.NotErrorIs(t, err, driver.ErrBadConn)
				assert.NotErrorIs(t, err, model.ErrAborted)
			}
			_, err = a.Exec("UPDATE lists SET v = v || 2 WHERE k = 'x'")
			if bugs == 0 {
				require.ErrorIs(t, err, sqldriver.ErrUnknown)
			}
			_, err = a.BeginTx(context.Background(), nil)
			assert.ErrorIs(t, err, driver.ErrBadConn, "database/sql sends it again, in vain")
			heal()
			c.Sleep(context.Background(), time.Second)
			want := map[sqldriver.Bug]string{0: "[1,2]", sqldriver.BadConn: "[1,2,2,2]"}[bugs]
			assert.Equal(t, want, one(t, b, "SELECT v FROM lists WHERE k = 'x'"))
			assert.Equal(t, want, one(t, a, "SELECT v FROM lists WHERE k = 'x'"), "there are new connections")
		})
	}
}

// TestDeadlines ends the context of a transaction. Without a COMMIT nothing of it happens, and what it locked is let go.
func TestDeadlines(t *testing.T) {
	inCluster(t, sqldriver.Options{}, func(c *cluster.Cluster, a, b *sql.DB) {
		ctx, cancel := c.Client(0).WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		tx, err := a.BeginTx(ctx, nil)
		require.NoError(t, err)
		_, err = tx.Exec("UPDATE lists SET v = v || 1 WHERE k = 'x'")
		require.NoError(t, err)
		one(t, tx, "SELECT v FROM lists WHERE k = 'x' FOR UPDATE")
		c.Sleep(context.Background(), 200*time.Millisecond)
		_, err = tx.Exec("UPDATE lists SET v = v || 2 WHERE k = 'x'")
		require.Error(t, err)
		require.Error(t, tx.Commit())
		_, err = b.Exec("UPDATE lists SET v = v || 3 WHERE k = 'x'")
		require.ErrorIs(t, err, model.ErrAborted, "it is locked still")
		c.Sleep(context.Background(), ssi.IdleTimeout+time.Second)
		_, err = b.Exec("UPDATE lists SET v = v || 3 WHERE k = 'x'")
		require.NoError(t, err)
		assert.Equal(t, "[3]", one(t, b, "SELECT v FROM lists WHERE k = 'x'"))
	})
}
