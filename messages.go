package capsize

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/engine"
)

const (
	beforeFinding = time.Second            // is recorded of what led to a finding
	reachBack     = 10 * time.Second       // is how much earlier a fault may have begun that is recorded from its beginning
	leastMargin   = 50 * time.Millisecond  // around a counterexample
	mostMargin    = 500 * time.Millisecond // around a counterexample
)

// findCounterexamples finds the counterexamples of the checks.
func (r *Result) findCounterexamples(ctx context.Context) {
	for i, c := range r.Checks {
		r.Checks[i] = c.Explain(ctx)
	}
	r.Counterexample = worst(r.Checks).Counterexample
}

// recordAgain runs the seed again to record what led to the counterexample or to the first finding, unless that was done, or
// can't be.
func (r *Result) recordAgain(ctx context.Context) {
	if r.Messages != nil || r.Unrecorded != "" || wasInterrupted(r) || r.Test.StopAt.At > 0 || r.Verdict != checker.Invalid || r.Test.System == nil {
		return
	}
	w := r.Window(ctx)
	if !w.On() {
		return
	}
	test := r.Test
	test.Record, test.Progress, test.StopAt = w, nil, Breakpoint{}
	end, err := engine.TakeTurn(ctx, nil)
	if err != nil {
		r.Unrecorded = fmt.Sprintf("The messages were not recorded: %v", err)
		return
	}
	defer end()
	rec, err := engine.Run(ctx, new(testing.T), test.config(r.Plan, nil))
	if err == nil && r.Stopped == nil { // one that hangs is cut short each time
		err = rec.Stopped
	}
	if err != nil {
		r.Unrecorded = fmt.Sprintf("The messages were not recorded: the second run of seed %d, which was to do it, was cut short: %v", r.Seed, err)
		return
	}
	r.Adopt(&Result{History: rec.History, Messages: rec.Messages})
}

// Adopt takes what another run of the seed recorded, if that has the same history; else Unrecorded says so. It does nothing if that run
// recorded nothing, or if this one has messages.
func (r *Result) Adopt(second *Result) {
	mine, err := r.Digest()
	theirs, err2 := second.Digest()
	r.take(second.Messages, err == nil && err2 == nil && mine == theirs)
}

// take takes what another run of the seed recorded, if that is alike.
func (r *Result) take(messages *trace.Trace, alike bool) {
	switch {
	case messages == nil || r.Messages != nil:
	case alike:
		r.Messages, r.Unrecorded = messages, ""
	default:
		r.Unrecorded = fmt.Sprintf("The messages are not shown: the run of seed %d that recorded them has another history than this one.", r.Seed)
	}
}

// Window returns what [Test.Record] is to be in another run of the seed, so that it shows how this one went wrong: around the counterexample,
// which it finds first, or the second before the first finding, and from the beginning of the faults that were active then. Where nothing says when it
// went wrong, as for a lack of progress, it is the last second before the final calls, when all was to work again. It is off for a run that is not invalid. What the other run recorded is for [Result.Adopt].
func (r *Result) Window(ctx context.Context) trace.Window {
	if r.Verdict != checker.Invalid {
		return trace.Window{}
	}
	r.findCounterexamples(ctx)
	from, to, ok := r.wrongAt()
	if !ok {
		return trace.Window{}
	}
	margin := min(max((to-from)/5, leastMargin), mostMargin)
	w := trace.Window{From: max(0, from-margin), To: to + margin}
	w.From = r.faultBefore(w)
	return w
}

// wrongAt returns from when to when the run went wrong, as far as that is known.
func (r *Result) wrongAt() (from, to time.Duration, ok bool) {
	if x := r.Counterexample; x != nil && len(x.Calls) > 0 {
		from, to = x.Calls[0].Invoke.Time, x.Calls[0].Invoke.Time
		for _, c := range x.Calls {
			from, to = min(from, c.Invoke.Time), max(to, c.Invoke.Time)
			if c.Complete.Type == history.OK || c.Complete.Type == history.Fail {
				to = max(to, c.Complete.Time)
			}
		}
		return from, to, true
	}
	for _, f := range r.Findings {
		if f.At > 0 && (!ok || f.At < to) {
			from, to, ok = max(0, f.At-beforeFinding), f.At, true
		}
	}
	if ok {
		return from, to, true
	}
	for _, p := range r.Phases {
		if p.Name == "final" {
			return max(0, p.At-beforeFinding), p.At, true
		}
	}
	return 0, 0, false
}

// faultBefore returns when the window is to begin so that it has the beginning of the faults that were active in it.
func (r *Result) faultBefore(w trace.Window) time.Duration {
	from := w.From
	began := map[string]time.Duration{}
	for i := range r.History.Len() {
		op := r.History.At(i)
		if op.Process != history.Nemesis {
			continue
		}
		if op.Type == history.Invoke {
			began[op.Key] = op.Time
			continue
		}
		if op.Time >= w.From {
			from = earlier(from, began[op.Key], w)
		}
		delete(began, op.Key)
	}
	for _, at := range began { // order: the earliest is taken
		from = earlier(from, at, w)
	}
	return from
}

// earlier returns when a fault began, if that is before from, and in reach of the window.
func earlier(from, began time.Duration, w trace.Window) time.Duration {
	if at := max(0, began-leastMargin); at < from && at >= w.From-reachBack {
		return at
	}
	return from
}

// writeMessages writes what was recorded into a folder; nothing if nothing was.
func writeMessages(dir string, messages *trace.Trace) error {
	if messages == nil {
		return nil
	}
	f, err := os.Create(filepath.Join(dir, messagesFile))
	if err != nil {
		return fmt.Errorf("write messages: %w", err)
	}
	b := bufio.NewWriter(f)
	if err := errors.Join(messages.Write(b), b.Flush(), f.Close()); err != nil {
		return fmt.Errorf("write messages: %w", err)
	}
	return nil
}

// readMessages reads what writeMessages wrote; nil if that was nothing.
func readMessages(dir string) (*trace.Trace, error) {
	f, err := os.Open(filepath.Join(dir, messagesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	defer f.Close()
	return trace.Read(f)
}
