package workloads

import (
	"context"
	"fmt"
	"io"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
)

// A Tallier counts: Add adds n to a counter, and n may be negative; Sum returns what the
// replica has received so far.
type Tallier interface {
	Add(ctx context.Context, key string, n int) error
	Sum(ctx context.Context, key string) (int, error)
	io.Closer
}

// A TallyOp is an input of [Tally]: add, read, or final for a final read. Its output
// is the sum that a read saw, and 0 for an add.
type TallyOp struct {
	F     string `json:"f"`
	Key   string `json:"key"`
	Value int    `json:"value,omitempty"`
}

const tallyKeys = 3

// Tally is a workload for counters that are available under partition: clients add to
// a few, subtract from all but the first, and read them. The final reads must be equal, and each
// the sum of all adds, where an indeterminate add may count or not. An earlier read may miss
// any adds, but it may not show more than was invoked.
func Tally[C Tallier](open func(ctx context.Context, h *cluster.Host) (C, error)) Workload {
	return New(Spec[C, TallyOp, int]{
		Name: "tally",
		Open: open,
		Next: nextTallyOp,
		Invoke: func(ctx context.Context, c C, in TallyOp) (int, error) {
			if in.F == "add" {
				return 0, c.Add(ctx, in.Key, in.Value)
			}
			sum, err := c.Sum(ctx, in.Key)
			if err != nil {
				err = fmt.Errorf("%w: %w", ErrFail, err) // a read changes nothing
			}
			return sum, err
		},
		Final: func(t Turn[TallyOp, int]) (TallyOp, bool) {
			return TallyOp{F: "final", Key: registerKey(t.Index)}, t.Index < tallyKeys
		},
		Key:     func(in TallyOp) string { return in.Key },
		Checker: checker.Func(checkTally),
	})
}

// nextTallyOp reads half the time. A quarter of its adds to all counters but the first are
// negative, so that the first one may only grow.
func nextTallyOp(t Turn[TallyOp, int]) TallyOp {
	counter := t.Rand.IntN(tallyKeys)
	op := TallyOp{F: "add", Key: registerKey(counter), Value: 1 + t.Rand.IntN(5)}
	switch t.Rand.IntN(4) {
	case 0, 1:
		return TallyOp{F: "read", Key: op.Key}
	case 2:
		if counter > 0 {
			op.Value = -op.Value
		}
	}
	return op
}

// A tally has the adds to a counter.
type tally struct {
	least, most   int // the bounds of the final sum
	up, down      int // the sums of all positive and of all negative adds
	final         *history.Call
	unknown, sure int // how many adds are indeterminate, and how many ok
}

// checkTally judges a history of [Tally].
func checkTally(_ context.Context, h *history.History) checker.Result {
	res := checker.Result{Checker: "tally", Broken: "a counter is wrong", Undecided: "the counters could not be judged"}
	tallies := map[string]*tally{}
	var order []string
	for call := range h.Calls() {
		in, ok := call.Invoke.Input.(TallyOp)
		if !ok || call.Complete.Type == history.Fail {
			continue
		}
		if tallies[in.Key] == nil {
			tallies[in.Key] = &tally{}
			order = append(order, in.Key)
		}
		tallies[in.Key].add(in, call)
	}
	sure, unknown := 0, 0
	for _, key := range order {
		sure, unknown = sure+tallies[key].sure, unknown+tallies[key].unknown
	}
	for call := range h.Calls() {
		in, ok := call.Invoke.Input.(TallyOp)
		if !ok || in.F == "add" || call.Complete.Type != history.OK {
			continue
		}
		if reason := tallies[in.Key].wrongRead(in, call); reason != "" {
			why := &checker.Counterexample{Key: in.Key, Reason: reason, Calls: []history.Call{call}, Judged: sure + unknown}
			res.Verdict, res.Reason, res.Counterexample = checker.Invalid, reason, why
			return res
		}
	}
	for _, key := range order {
		if tallies[key].final == nil {
			res.Verdict, res.Reason = checker.Unknown, fmt.Sprintf("%s was not read in the end", key)
			return res
		}
	}
	res.Reason = fmt.Sprintf("in the end the counters are what %d answered adds make, and %d that have no answer may", sure, unknown)
	return res
}

// add adds an add to the bounds: an indeterminate one may count or not.
func (s *tally) add(in TallyOp, call history.Call) {
	if in.F != "add" {
		return
	}
	s.up, s.down = s.up+max(0, in.Value), s.down+min(0, in.Value)
	if call.Complete.Type == history.OK {
		s.least, s.most = s.least+in.Value, s.most+in.Value
		s.sure++
		return
	}
	s.least, s.most = s.least+min(0, in.Value), s.most+max(0, in.Value)
	s.unknown++
}

// wrongRead says what is wrong with a read; empty if nothing is.
func (s *tally) wrongRead(in TallyOp, read history.Call) string {
	sum, _ := read.Complete.Output.(int)
	switch {
	case sum > s.up || sum < s.down:
		return fmt.Sprintf("%d was read of %s, though no more than %d was ever added and %d taken away", sum, in.Key, s.up, -s.down)
	case in.F != "final":
		return ""
	case sum < s.least || sum > s.most:
		return fmt.Sprintf("in the end %d was read of %s, where what was added makes %d to %d", sum, in.Key, s.least, s.most)
	case s.final == nil:
		s.final = &read
	case sum != s.final.Complete.Output.(int):
		return fmt.Sprintf("in the end one client read %v of %s, and another %d", s.final.Complete.Output, in.Key, sum)
	}
	return ""
}
