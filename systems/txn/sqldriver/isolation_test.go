package sqldriver_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/txn/sqldriver"
	"github.com/capsize-go/capsize/systems/txn/ssi"
	"github.com/capsize-go/capsize/workloads"
	"github.com/capsize-go/capsize/workloads/sqltxn"
)

// Statements of the dialect.
var (
	lists = sqltxn.Statements{
		Append:   "UPDATE lists SET v = v || ?2 WHERE k = ?1",
		ReadList: "SELECT v FROM lists WHERE k = ?",
	}
	lockingLists = sqltxn.Statements{Append: lists.Append, ReadList: lists.ReadList + " FOR UPDATE"}
	registers    = sqltxn.Statements{
		Write:        "UPSERT INTO registers VALUES (?, ?)",
		ReadRegister: "SELECT v FROM registers WHERE k = ?",
	}
	rows = sqltxn.Statements{
		Insert:   "INSERT INTO rows VALUES (?, ?)",
		Delete:   "DELETE FROM rows WHERE k = ?",
		ReadRows: "SELECT k FROM rows WHERE v = ?",
	}
)

// An application is how a test uses the database.
type application struct {
	statements sqltxn.Statements
	level      sql.IsolationLevel
	mistake    sqltxn.Mistake
	driver     sqldriver.Options
}

func (a application) open(_ context.Context, h *cluster.Host) (*sqltxn.Client, error) {
	db := sqldriver.Open(ssi.Store{}, h, a.driver)
	return sqltxn.New(db, sqltxn.Options{Statements: a.statements, Tx: sql.TxOptions{Isolation: a.level}, Mistake: a.mistake}), nil
}

func testOf(w workloads.Workload) capsize.Test {
	return capsize.Test{System: ssi.Store{}, Workload: w, Nemesis: nemesis.Portfolio(cluster.Pace(ssi.Store{})), Duration: 8 * time.Second, Rate: 100}
}

func appends(a application, claim txn.Model, mix workloads.TxnMix) capsize.Test {
	return testOf(workloads.Append(a.open, claim, mix))
}

// TestKeepsItsLevels finds nothing in transactions that ask for a level and are held to it.
func TestKeepsItsLevels(t *testing.T) {
	for name, test := range map[string]capsize.Test{ // order: subtests
		"serializable":   appends(application{statements: lists}, txn.StrictSerializable, workloads.TxnMix{}),
		"snapshot":       appends(application{statements: lists, level: sql.LevelSnapshot}, txn.StrongSnapshotIsolation, workloads.TxnMix{}),
		"read committed": appends(application{statements: lists, level: sql.LevelReadCommitted}, txn.StrongReadCommitted, workloads.TxnMix{}),
		"locks":          appends(application{statements: lockingLists, level: sql.LevelReadCommitted}, txn.StrictSerializable, workloads.TxnMix{}),
		"registers":      testOf(workloads.Registers(application{statements: registers}.open, txn.StrictSerializable, workloads.TxnMix{})),
		"rows":           testOf(workloads.Doctors(application{statements: rows}.open, txn.StrictSerializable)),
		"short of time": appends(application{statements: lists, driver: sqldriver.Options{ReadTimeout: 100 * time.Millisecond}},
			txn.StrictSerializable, workloads.TxnMix{}),
		"single statements": appends(application{statements: lists, mistake: sqltxn.Autocommit, driver: sqldriver.Options{ReadTimeout: 100 * time.Millisecond}},
			txn.StrictSerializable, workloads.TxnMix{MaxLength: 1}),
	} {
		t.Run(name, func(t *testing.T) {
			valid := 0
			for test.Seed = range tier.From(0, tier.Seeds(t, 1, 1)) {
				r, err := capsize.Exec(t.Context(), t, test)
				require.NoError(t, err)
				assert.NotEqual(t, checker.Invalid, r.Verdict, "seed %d: %s", test.Seed, r.Reason)
				if r.Verdict == checker.Valid { // it is unknown if the faults of the seed had no effect
					valid++
				}
			}
			assert.Positive(t, valid)
		})
	}
}

// TestMistakes finds mistakes that applications and drivers make with a database that keeps its promise, from random seeds.
func TestMistakes(t *testing.T) {
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	impatient := sqldriver.Options{ReadTimeout: 100 * time.Millisecond}
	bad := sqldriver.Options{ReadTimeout: impatient.ReadTimeout, Bugs: sqldriver.BadConn}
	for name, test := range map[string]capsize.Test{ // order: subtests
		"read committed":       appends(application{statements: lists, level: sql.LevelReadCommitted}, txn.StrictSerializable, workloads.TxnMix{}),
		"snapshot":             appends(application{statements: lists, level: sql.LevelSnapshot}, txn.StrictSerializable, workloads.TxnMix{}),
		"autocommit":           appends(application{statements: lists, mistake: sqltxn.Autocommit}, txn.StrictSerializable, workloads.TxnMix{}),
		"read elsewhere":       appends(application{statements: lists, mistake: sqltxn.ReadElsewhere}, txn.StrictSerializable, workloads.TxnMix{}),
		"retry unknown":        appends(application{statements: lists, mistake: sqltxn.RetryUnknown, driver: impatient}, txn.StrictSerializable, workloads.TxnMix{}),
		"bad connections":      appends(application{statements: lists, mistake: sqltxn.Autocommit, driver: bad}, txn.StrictSerializable, workloads.TxnMix{MaxLength: 1}),
		"read committed, rows": testOf(workloads.Doctors(application{statements: rows, level: sql.LevelReadCommitted}.open, txn.StrictSerializable)),
	} {
		t.Run(name, func(t *testing.T) {
			found, tried := 0, 0
			for test.Seed = range tier.From(0, tier.Seeds(t, 0, 30)) {
				r, err := capsize.Exec(t.Context(), t, test)
				require.NoError(t, err)
				tried++
				if r.Verdict == checker.Invalid {
					found++
					t.Logf("seed %d: %s", test.Seed, r.Reason)
					if !tier.Sweeping() {
						break
					}
				}
			}
			t.Logf("%d of %d seeds find it", found, tried)
			assert.Positive(t, found)
		})
	}
}

func TestRepeats(t *testing.T) {
	test := appends(application{statements: lists, driver: sqldriver.Options{ReadTimeout: 100 * time.Millisecond}}, txn.StrictSerializable, workloads.TxnMix{})
	test.Seed, test.Duration = 3, 4*time.Second
	capsize.CheckDeterminism(t, test)
}
