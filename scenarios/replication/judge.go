package replication

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/consistency"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/workloads"
)

// The kinds of request.
const (
	read  = "read"
	write = "write"
)

// registers judges histories of reads and writes.
type registers struct{}

func (registers) kind(in any) string {
	if op, ok := in.(model.RegisterOp); ok && op.F == "read" {
		return read
	}
	return write
}

// guarantees are the four of Terry and others, Session Guarantees for Weakly Consistent Replicated Data (1994).
var guarantees = []string{"read-your-writes", "monotonic-reads", "monotonic-writes", "writes-follow-reads"}

// models lists what a history may be, the strongest first.
func (registers) models() []string {
	return slices.Concat([]string{"linearizable", "sequential", "causal"}, guarantees, []string{"convergent"})
}

// holds judges one of the models.
func (registers) holds(ctx context.Context, r *capsize.Result, level string) (bool, error) {
	c, err := consistency.Named(model.Register(), level)
	if err != nil {
		return false, err
	}
	return c.Check(ctx, r.History).Verdict == checker.Valid, nil
}

// losses counts stale reads and lost writes. Other keys than the shared ones are read in the end alone, where
// what it lacks is lost and not stale.
func (registers) losses(r *capsize.Result, c *Card) error {
	s, err := consistency.MeasureStaleness(model.Register(), onSharedKeys(r.History))
	if err != nil {
		return fmt.Errorf("staleness: %w", err)
	}
	c.Stale += s.Stale
	c.Age = max(c.Age, s.Age)
	c.Behind = max(c.Behind, s.MaxBehind)
	n, err := consistency.CountLosses(model.Register(), r.History)
	if err != nil {
		return fmt.Errorf("losses: %w", err)
	}
	c.Lost += n.NeverVisible + n.Vanished
	return nil
}

func onSharedKeys(h *history.History) *history.History {
	var ops []history.Op
	for op := range h.Ops() {
		if op.Process == history.Nemesis || strings.HasPrefix(op.Key, sharedPrefix) {
			ops = append(ops, op)
		}
	}
	return history.Of(ops...)
}

// merged judges histories of what is no register: reads return all that was not replaced, or what all operations add
// up to. What is asked of it is that nothing is lost, and that all come to agree.
type merged struct {
	check string                           // the name of the workload's checker of that
	reads func(in any) bool                // whether an input is a read
	lost  func(h *history.History) (n int) // acknowledged operations; if nil, an invalid history counts for one
}

func (m merged) kind(in any) string {
	if m.reads(in) {
		return read
	}
	return write
}

func (merged) models() []string { return []string{"convergent"} }

func (m merged) holds(_ context.Context, r *capsize.Result, _ string) (bool, error) {
	return verdict(r, m.check) == checker.Valid, nil
}

// losses counts lost operations. No read is stale: it does not pretend to have seen all.
func (m merged) losses(r *capsize.Result, c *Card) error {
	switch {
	case m.lost != nil:
		c.Lost += m.lost(r.History)
	case verdict(r, m.check) == checker.Invalid:
		c.Lost++
	}
	return nil
}

// The judges of [workloads.Versions], [workloads.AddWins] and [workloads.Tally].
var (
	siblings = merged{"survival", reading(func(op workloads.VersionsOp) string { return op.F }), func(h *history.History) int {
		n := workloads.CountSurvival(h)
		return n.Lost + n.Undone
	}}
	sets = merged{"add-wins", reading(func(op workloads.AddWinsOp) string { return op.F }), nil}
	sums = merged{"tally", reading(func(op workloads.TallyOp) string { return op.F }), nil}
)

// reading returns whether an input reads, for inputs that have an F.
func reading[Op any](f func(Op) string) func(in any) bool {
	return func(in any) bool {
		op, ok := in.(Op)
		return ok && (f(op) == "read" || f(op) == "final")
	}
}

// strongest names what holds: one model that implies the rest, or else the guarantees that are left.
func strongest(held []string) string {
	switch {
	case len(held) == 0:
		return "none"
	case slices.Contains([]string{"linearizable", "sequential"}, held[0]):
		return held[0]
	case held[0] == "causal":
		return strings.Join(slices.DeleteFunc(slices.Clone(held), func(x string) bool { return slices.Contains(guarantees, x) }), " + ")
	}
	return strings.Join(held, " + ")
}
