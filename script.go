package capsize

import (
	"context"
	"fmt"
	"testing"

	"github.com/capsize-go/capsize/internal/engine"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// Script returns the operations that the clients of the run were to invoke, and when. A [Test] with it, and with the run's plan as its nemesis,
// repeats the run; without some of its operations it is a smaller one, in which all else is drawn as it was. It is [Test.Script]
// if the run had one. Otherwise Script runs the seed again, and it is an error if that gives another history.
func (r *Result) Script(ctx context.Context) (workloads.Script, error) {
	if r.Test.Script != nil {
		return r.Test.Script, nil
	}
	test := r.Test
	test.Progress, test.StopAt = nil, Breakpoint{}
	end, err := engine.TakeTurn(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer end()
	config := test.config(r.Plan, nil)
	config.KeepScript = true
	rec, err := engine.Run(ctx, new(testing.T), config)
	if err != nil {
		return nil, fmt.Errorf("run seed %d again: %w", r.Seed, err)
	}
	if rec.Stopped != nil && r.Stopped == nil {
		return nil, fmt.Errorf("run seed %d again: %w", r.Seed, rec.Stopped)
	}
	again := &Result{History: rec.History, Trace: rec.Trace, Decisions: rec.Decisions}
	if d := r.Diff(again); d != "" {
		return nil, fmt.Errorf("seed %d does not repeat: of its first and its second run, %s", r.Seed, d)
	}
	script := append(workloads.Script{}, rec.Script...)
	script.Sort()
	return script, nil
}

// Resolved returns the plan of the run with what its faults chose in place of what they draw: the hosts that they took, how the
// network was cut, what was left of a write. It has the same steps at the same times, and a [Test] with it as nemesis repeats the run. Faults
// choose the same in it also with another system, another seed or other steps. A fault that was not
// injected, or that is not of package nemesis, is as it was in Plan; see [nemesis.Step.Begin].
func (r *Result) Resolved() nemesis.Plan {
	if r.resolved == nil {
		return r.Plan
	}
	return r.resolved
}
