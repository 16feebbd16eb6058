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

// siblings judges histories of [workloads.Versions], whose reads return all that nobody replaced. They are no registers:
// what is asked of them is that nothing is lost, and that all come to agree.
type siblings struct{}

func (siblings) kind(in any) string {
	if op, ok := in.(workloads.VersionsOp); ok && (op.F == "read" || op.F == "final") {
		return read
	}
	return write
}

func (siblings) models() []string { return []string{"convergent"} }

// holds reports whether nothing was lost and all came to agree.
func (siblings) holds(ctx context.Context, h *history.History, _ string) (bool, error) {
	return workloads.CheckVersions(ctx, h).Verdict == checker.Valid, nil
}

// losses counts lost writes. A read of siblings is not stale: it tells what it has seen.
func (siblings) losses(h *history.History, c *Card) error {
	n := workloads.CountSurvival(h)
	c.Lost += n.Lost + n.Undone
	return nil
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
