package retryclient_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/txn/retryclient"
	"github.com/capsize-go/capsize/workloads"
)

// Transactions that were aborted are tried again, and none is carried out twice.
func Example() {
	store := retryclient.Store{}
	test := capsize.Test{
		System:   store,
		Workload: workloads.Append(store.Open, txn.StrictSerializable, workloads.TxnMix{}),
		Nemesis:  nemesis.Every(5*time.Second, nemesis.Crashes()),
		Duration: 12 * time.Second,
		Seed:     1,
	}
	r, err := capsize.Exec(context.Background(), new(testing.T), test)
	fmt.Println(r.Verdict, err)
	// Output: valid <nil>
}

// A db answers with one error after the other, and then with what it is asked.
type db struct {
	errs   []error
	asked  int
	closed bool
}

func (d *db) Txn(_ context.Context, ops []model.TxnOp) ([]model.TxnOp, error) {
	d.asked++
	if len(d.errs) >= d.asked {
		return nil, d.errs[d.asked-1]
	}
	return ops, nil
}

func (d *db) Close() error { d.closed = true; return nil }

// TestTries has a client try again what was aborted, and what is unknown only by mistake.
func TestTries(t *testing.T) {
	unknown := errors.New("connection lost")
	for _, x := range []struct {
		bug     retryclient.Bug
		errs    []error
		tries   int
		outcome string
	}{
		{0, nil, 1, "ok"},
		{0, []error{model.ErrAborted, model.ErrAborted}, 3, "ok"},
		{0, []error{model.ErrAborted, unknown}, 2, "info"},
		{retryclient.RetryUnknown, []error{unknown, model.ErrAborted, unknown}, 4, "ok"},
		{retryclient.UnknownIsFailure, []error{unknown}, 1, "fail"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, err := cluster.New(cluster.Config{Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
			require.NoError(t, err)
			require.NoError(t, c.Start())
			c.Sleep(t.Context(), time.Millisecond)
			d := &db{errs: x.errs}
			client := retryclient.New(c.Client(0), d, x.bug)
			_, err = client.Txn(t.Context(), nil)
			assert.Equal(t, x.outcome, workloads.Outcome(err).String())
			assert.Equal(t, x.tries, d.asked)
			require.NoError(t, client.Close())
			assert.True(t, d.closed)
			c.Stop(time.Second)
		})
	}
}

// finds is the preset that finds a bug, and a seed of it.
var finds = map[retryclient.Bug]struct {
	preset string
	known  uint64
}{
	retryclient.RetryUnknown:     {"blackouts", 1},
	retryclient.UnknownIsFailure: {"blackouts", 1},
}

// TestBugs finds each bug from random seeds.
func TestBugs(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	names, _ := retryclient.Bugs.Names()
	for _, name := range names {
		bug, err := retryclient.Bugs.Parse(name)
		require.NoError(t, err)
		assert.Equal(t, name, bug.String())
		preset, err := nemesis.FindPreset(finds[bug].preset)
		require.NoError(t, err)
		assert.Positive(t, sweep(t, bug, preset.With(retryclient.Store{}.ElectionTimeout()), finds[bug].known, tier.Seeds(t, 0, 20)), name)
	}
}

// TestNoAlarm finds nothing in a client that is right.
func TestNoAlarm(t *testing.T) {
	assert.Zero(t, sweep(t, 0, nemesis.Portfolio(retryclient.Store{}.ElectionTimeout()), 0, tier.Seeds(t, 1, 2)))
}

func sweep(t *testing.T, bug retryclient.Bug, faults nemesis.Nemesis, known uint64, seeds int) (invalid int) {
	t.Helper()
	store := retryclient.Store{Retries: bug}
	test := capsize.Test{System: store, Workload: workloads.Append(store.Open, txn.StrictSerializable, workloads.TxnMix{}), Nemesis: faults, Duration: 10 * time.Second}
	for test.Seed = range tier.From(known, seeds) {
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		if r.Verdict == checker.Invalid {
			invalid++
			if bug == 0 {
				t.Errorf("seed %d: %s", test.Seed, r.Reason)
			} else if t.Logf("%v: seed %d: %s", bug, test.Seed, r.Reason); !tier.Sweeping() {
				return invalid
			}
		}
	}
	return invalid
}
