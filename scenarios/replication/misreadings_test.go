package replication_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/checker/stats"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/replication"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// The tests of this file fail if what people say of CAP were true.

// one runs one variant under one fault, once for all tests that ask for it: a run repeats.
func one(t *testing.T, variant, fault string, n int) scenarios.Row {
	t.Helper()
	n = tier.Seeds(t, 1, n)
	name := fmt.Sprint(variant, " under ", fault, ", ", n)
	if _, ok := ran[name]; !ok {
		ran[name] = scenariotest.Rows(t, replication.CAP(), variant, fault, n)[0]
	}
	return ran[name]
}

// ran has the rows that [one] has run. No test of this package runs beside another.
var ran = map[string]scenarios.Row{}

// "Pick two of three" has a third row, CA, of systems that gave up on partitions. Partitions do not
// give up on them: they are neither, or they are C.
func TestPickTwoOfThree(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, variant := range []string{"single-node", "primary-fixed", "primary-async"} {
		r := one(t, variant, "3|2", 1)
		m := r.Metrics
		whole := m["majority_read"] == 1 && m["majority_write"] == 1 && m["minority_read"] == 1 && m["minority_write"] == 1
		assert.False(t, whole && r.Invalid == 0, "%s is consistent and available", variant)
	}
}

// "A single node is CA": it answers clients that reach it correctly, and others get nothing. A partition is between
// a node and those who ask, too.
func TestSingleNodeIsCA(t *testing.T) {
	r := one(t, "single-node", "2|2|1", 1)
	assert.Equal(t, r.Seeds, r.Valid)
	assert.Less(t, r.Metrics["minority_read"], 1.0)
	assert.Less(t, r.Metrics["minority_write"], 1.0)
}

// "CP means down during a partition": who reaches a majority notices the failover, and no more.
func TestCPMeansDown(t *testing.T) {
	r := one(t, "raft-index", "3|2", 1)
	assert.Equal(t, r.Seeds, r.Valid)
	assert.Greater(t, r.Metrics["majority_read"], 0.7)
	assert.Greater(t, r.Metrics["majority_write"], 0.7)
	assert.Positive(t, r.Metrics["majority_write_first_ns"])
	assert.Zero(t, r.Metrics["minority_read"])
	assert.Zero(t, r.Metrics["minority_write"])
}

// "A means uptime": most requests of all are answered by raft, and still it is not available in the sense of
// the theorem, which asks for each.
func TestAMeansUptime(t *testing.T) {
	r := one(t, "raft-index", "leader", 1)
	card, ok := r.Meter.(*replication.Card)
	require.True(t, ok)
	asked, answered := 0, 0
	for _, s := range card.Shares {
		asked, answered = asked+s.Asked, answered+s.OK
	}
	assert.Greater(t, float64(answered)/float64(asked), 0.8)
	assert.NotEqual(t, replication.Available, r.Label)
}

// "AP means no consistency": sets that merge are available on all sides, converge, and lose no add. Reads of raft from any
// node keep session guarantees.
func TestAPMeansNoConsistency(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	crdt := one(t, "crdt-set", "3|2", 1)
	assert.Equal(t, crdt.Seeds, crdt.Valid)
	assert.Equal(t, "convergent", crdt.Model)
	assert.InDelta(t, 1, crdt.Metrics["minority_write"], 0)
	assert.Zero(t, crdt.Metrics["lost_acked"])
	anyNode := one(t, "raft-any", "leader", 1)
	assert.Equal(t, anyNode.Seeds, anyNode.Invalid)
	assert.NotEqual(t, "none", anyNode.Model)
}

// "R + W > N is linearizable": it is not, and one more round trip makes it so.
func TestQuorumsAreLinearizable(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	n := tier.Seeds(t, 2, 2)
	quorum := scenariotest.RowsFrom(t, 2, replication.CAP(), "quorum-no-write-back", "2|2|1", n)[0]
	abd := scenariotest.RowsFrom(t, 2, replication.CAP(), "abd", "2|2|1", n)[0]
	assert.Positive(t, quorum.Invalid, "of %d seeds", n)
	assert.Equal(t, n, abd.Valid)
}

// "Partitions are rare": a leader that stands still for ten seconds is one.
func TestPartitionsAreRare(t *testing.T) {
	cut, pause := one(t, "raft-index", "leader", 1), one(t, "raft-index", "pause", 1)
	for _, side := range []string{"minority_read", "minority_write"} {
		assert.Zero(t, cut.Metrics[side], side)
		assert.Zero(t, pause.Metrics[side], side)
	}
	assert.Equal(t, cut.Label, pause.Label)
}

// "No partition, no trade-off": nothing goes wrong, and reads that are worth less are sooner answered.
// Abadi, Consistency Tradeoffs in Modern Distributed Database System Design (2012), calls it PACELC.
func TestNoPartitionNoTradeOff(t *testing.T) {
	var before time.Duration
	for _, by := range []raftkv.Reads{raftkv.Anywhere, raftkv.ByLease, raftkv.ByIndex} {
		store := raftkv.Store{Reads: by}
		r := exec(t, capsize.Test{System: store, Workload: workloads.Register(store.Open), Duration: 10 * time.Second})
		median := medianRead(r.History)
		assert.Greater(t, median, before, "%v", by)
		before = median
	}
}

func medianRead(h *history.History) time.Duration {
	for _, g := range stats.Measure(h).ByF {
		if g.Name == "read" {
			return g.Latency.OK.P50
		}
	}
	return 0
}

func exec(t *testing.T, test capsize.Test) *capsize.Result {
	t.Helper()
	test.Seed = 1
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	return r
}

// "It is a property of the product": of one cluster, the reads of one key are by index and those of the
// other from any node, and each key has the card of its policy.
func TestPropertyOfTheProduct(t *testing.T) {
	store := raftkv.Store{}
	r := exec(t, capsize.Test{
		System: store, Duration: 20 * time.Second, Timeout: 500 * time.Millisecond, Expect: checker.Invalid,
		Nemesis: nemesis.At(5*time.Second, 10*time.Second, nemesis.Partitions(nemesis.Leader)),
		Workload: workloads.RegisterOver(func(ctx context.Context, h *cluster.Host) (byKey, error) {
			c, err := store.Open(ctx, h)
			return byKey{c}, err
		}, 2),
	})
	for key, want := range map[string]checker.Verdict{"k0": checker.Valid, "k1": checker.Invalid} {
		got := linearizable.New(model.Register()).Check(t.Context(), ofKey(r.History, key))
		assert.Equal(t, want, got.Verdict, "%s: %s", key, got.Reason)
	}
}

// byKey reads k0 by ReadIndex and all else from any node.
type byKey struct{ *raftkv.Client }

func (c byKey) Get(ctx context.Context, key string) (int, error) {
	if key == "k0" {
		return c.GetBy(ctx, raftkv.ByIndex, key)
	}
	return c.GetBy(ctx, raftkv.Anywhere, key)
}

func ofKey(h *history.History, key string) *history.History {
	var ops []history.Op
	for op := range h.Ops() {
		if op.Key == key {
			ops = append(ops, op)
		}
	}
	return history.Of(ops...)
}

// "The C of CAP is the C of ACID": registers that are linearizable, each on its own, do not keep what
// is to hold between them.
func TestCIsThatOfACID(t *testing.T) {
	store := raftkv.Store{}
	w := workloads.New(workloads.Spec[*raftkv.Client, pair, pair]{
		Name: "pairs", Open: store.Open,
		Next: func(t workloads.Turn[pair, pair]) pair {
			return pair{Write: t.Client == 0, X: t.Number(), Y: t.Number()}
		},
		Invoke:  invokePair,
		Checker: checker.Func(equalPairs),
	})
	r := exec(t, capsize.Test{System: store, Workload: w, Duration: 10 * time.Second, Expect: checker.Invalid})
	assert.Equal(t, checker.Invalid, r.Verdict, "no pair was torn")
}

// A pair of registers is to be equal.
type pair struct {
	Write bool
	X, Y  int
}

func invokePair(ctx context.Context, c *raftkv.Client, in pair) (out pair, err error) {
	if in.Write {
		if err = c.Put(ctx, "x", in.X); err == nil {
			err = c.Put(ctx, "y", in.Y)
		}
		return pair{}, err
	}
	if out.X, err = c.Get(ctx, "x"); err == nil {
		out.Y, err = c.Get(ctx, "y")
	}
	return out, err
}

func equalPairs(_ context.Context, h *history.History) checker.Result {
	res := checker.Result{Checker: "pairs"}
	for c := range h.Calls() {
		if out, ok := c.Complete.Output.(pair); ok && out.X != out.Y {
			res.Verdict, res.Reason = checker.Invalid, fmt.Sprintf("x is %d and y is %d", out.X, out.Y)
		}
	}
	return res
}

// TestTable has the tables show what rows have, and no bar of a fault's name end a cell.
func TestTable(t *testing.T) {
	s := replication.CAP()
	all := []scenarios.Row{one(t, "abd", "3|2", 1)}
	var text, page strings.Builder
	require.NoError(t, s.Table(&text, all, 0))
	require.NoError(t, s.Markdown(&page, all))
	seeds := all[0].Seeds
	assert.Contains(t, text.String(), fmt.Sprintf("abd      3|2    0/%d      1     100 %%", seeds))
	assert.Contains(t, page.String(), fmt.Sprintf(`| abd | 3\|2 | 0/%d | 1 | 100 %% | 100 %% | 0 %% | 0 %% |`, seeds))
}
