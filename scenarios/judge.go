package scenarios

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
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
	if op, ok := in.(checker.RegisterOp); ok && op.F == "read" {
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
func (registers) holds(ctx context.Context, h *history.History, model string) (bool, error) {
	c, err := checker.ConsistencyNamed(checker.Register(), model)
	if err != nil {
		return false, err
	}
	return c.Check(ctx, h).Verdict == checker.Valid, nil
}

// losses counts stale reads and lost writes. Other keys than the shared ones are read in the end alone, where
// what it lacks is lost and not stale.
func (registers) losses(h *history.History, c *Card) error {
	s, err := checker.MeasureStaleness(checker.Register(), onSharedKeys(h))
	if err != nil {
		return fmt.Errorf("staleness: %w", err)
	}
	c.Stale += s.Stale
	c.Age = max(c.Age, s.Age)
	c.Behind = max(c.Behind, s.Most)
	n, err := checker.CountLosses(checker.Register(), h)
	if err != nil {
		return fmt.Errorf("losses: %w", err)
	}
	c.Lost += n.Never + n.Gone
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

// merged judges histories of what is no register: reads return all that nobody replaced, or what all operations add
// up to. What is asked of it is that nothing is lost, and that all come to agree.
type merged struct {
	check checker.Checker                  // whether that is so
	reads func(in any) bool                // whether an input is a read
	lost  func(h *history.History) (n int) // acknowledged operations
}

func (m merged) kind(in any) string {
	if m.reads(in) {
		return read
	}
	return write
}

func (merged) models() []string { return []string{"convergent"} }

func (m merged) holds(ctx context.Context, h *history.History, _ string) (bool, error) {
	return m.check.Check(ctx, h).Verdict == checker.Valid, nil
}

// losses counts lost operations. No read is stale: it does not pretend to have seen all.
func (m merged) losses(h *history.History, c *Card) error {
	c.Lost += m.lost(h)
	return nil
}

// siblings judges histories of [workloads.Versions].
func siblings(w workloads.Workload) merged {
	return merged{w.Checker, func(in any) bool {
		op, ok := in.(workloads.VersionsOp)
		return ok && (op.F == "read" || op.F == "final")
	}, func(h *history.History) int {
		n := workloads.CountSurvival(h)
		return n.Lost + n.Undone
	}}
}

// sets judges histories of [workloads.AddWins], and sums those of [workloads.Tally]. Their
// checkers do not count: they find one operation that is lost, or none.
func sets(w workloads.Workload) merged {
	return merged{w.Checker, func(in any) bool {
		op, ok := in.(workloads.AddWinsOp)
		return ok && (op.F == "read" || op.F == "final")
	}, foundBy(w.Checker)}
}

func sums(w workloads.Workload) merged {
	return merged{w.Checker, func(in any) bool {
		op, ok := in.(workloads.TallyOp)
		return ok && (op.F == "read" || op.F == "final")
	}, foundBy(w.Checker)}
}

func foundBy(c checker.Checker) func(h *history.History) int {
	return func(h *history.History) int {
		if c.Check(context.Background(), h).Verdict == checker.Invalid {
			return 1
		}
		return 0
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
