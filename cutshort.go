package capsize

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/engine"
	"github.com/capsize-go/capsize/internal/goroutines"
	"github.com/capsize-go/capsize/internal/runlog"
	"github.com/capsize-go/capsize/internal/savedrun"
)

// A CutShort is a run whose process died before it came to its end, as a [Recorder]
// found it.
type CutShort struct{ log *runlog.Unfinished }

// Dir returns the folder of the run: run.json, history.jsonl and crash.txt.
func (c CutShort) Dir() string { return c.log.Dir }

// Seed returns the seed of the run; 0 if run.json does not say it.
func (c CutShort) Seed() uint64 {
	rec, _ := c.record() // a file that can't be read has the seed 0
	return rec.Seed
}

// Ops returns how many ops were recorded, and the virtual time of the last of them.
func (c CutShort) Ops() (n int, until time.Duration) { return c.log.Ops, c.log.Until }

// Remove removes the run from the disk.
func (c CutShort) Remove() error { return c.log.Remove() }

// Keep moves the run to the folder dir, where no recorder looks for it, or to one with a
// number added if that exists. It returns the folder.
func (c CutShort) Keep(dir string) (string, error) { return c.log.Keep(dir) }

// crashed reports whether user code ended the process by a panic or a fatal error.
func (c CutShort) crashed() bool { return c.log.Crash != "" && !c.timedOut() }

func (c CutShort) timedOut() bool { return strings.HasPrefix(c.log.Crash, "panic: test timed out") }

// Finding returns what ended the process, with the host whose goroutine it was, and its
// stack, as far as the runtime printed them.
func (c CutShort) Finding() cluster.Finding {
	switch {
	case c.log.Crash == "":
		return cluster.Finding{Kind: cluster.Ended, What: "the process ended without a word: by os.Exit or log.Fatal, or it was killed (kill -9, or out of memory)"}
	case c.timedOut():
		return cluster.Finding{Kind: cluster.Ended, What: "go test -timeout ended the process: " + firstLine(c.log.Crash)}
	}
	return goroutines.Crashed(c.log.Crash)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// String says what was cut short, when and by what, with the last ops.
func (c CutShort) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cut short: seed %d, %d ops recorded until %v", c.Seed(), c.log.Ops, c.log.Until.Round(time.Microsecond))
	if c.log.Judging {
		b.WriteString(", which was all of it: its history was being judged")
	}
	fmt.Fprintf(&b, "; see %s\n%v\n", filepath.ToSlash(filepath.Join(c.Dir(), runlog.HistoryFile)), c.Finding())
	if stack := c.Finding().Stack; stack != "" {
		const most = 24 // lines
		lines := strings.Split(stack, "\n")
		if len(lines) > most {
			lines = append(lines[:most], "… all of it is in "+filepath.ToSlash(filepath.Join(c.Dir(), runlog.CrashFile)))
		}
		fmt.Fprintf(&b, "\t%s\n", strings.Join(lines, "\n\t"))
	}
	if len(c.log.Last) > 0 {
		fmt.Fprintf(&b, "the last ops:\n\t%s\n", strings.Join(c.log.Last, "\n\t"))
	}
	return strings.TrimRight(b.String(), "\n")
}

// record reads what it takes to repeat the run.
func (c CutShort) record() (savedrun.Record, error) {
	rec, err := savedrun.Parse(c.log.Run, filepath.Join(c.Dir(), runlog.RunFile))
	if err == nil {
		err = rec.Validate()
	}
	return rec, err
}

// differs says where the history of a run that was repeated differs from what was
// recorded before the first one was cut short. It is empty if it does not.
func (c CutShort) differs(r *Result) (string, error) {
	b, err := os.ReadFile(filepath.Join(c.Dir(), runlog.HistoryFile))
	if err != nil {
		return "", fmt.Errorf("read the history of a run that was cut short: %w", err)
	}
	var now strings.Builder
	if err := r.History.Write(&now); err != nil {
		return "", fmt.Errorf("write history: %w", err)
	}
	is := strings.Split(now.String(), "\n")
	for i, was := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		if was == "" {
			break // nothing was recorded
		}
		if i >= len(is) || is[i] != was {
			return fmt.Sprintf("the histories differ from line %d on\n\tbefore: %s\n\tnow:    %s", i+1, was, is[min(i, len(is)-1)]), nil
		}
	}
	return "", nil
}

// errNearDeadline is why a run was cut short that would have met go test -timeout.
var errNearDeadline = fmt.Errorf("%w: the end of go test -timeout was near", engine.ErrInterrupted)

// margin returns how long before the deadline of the test a sweep ends, so that there
// is time to judge what was recorded and to write a page.
func margin(left time.Duration) time.Duration { return min(left/10, 30*time.Second) }

// beforeDeadline returns a context that is done at Ctrl-C, and so long before the deadline of
// the test that what was recorded can be judged and reported.
func beforeDeadline(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
	deadline, ok := t.Deadline()
	if !ok {
		return ctx, stop
	}
	late, cancel := context.WithDeadlineCause(ctx, deadline.Add(-margin(time.Until(deadline))), errNearDeadline)
	return late, func() { cancel(); stop() }
}

// wasInterrupted reports whether a run was cut short from outside, or stopped where the
// user wanted it.
func wasInterrupted(r *Result) bool {
	return errors.Is(r.Stopped, engine.ErrInterrupted) || errors.Is(r.Stopped, engine.ErrStopped)
}

// reportPart fails a test of whose seeds not all were run.
func (x *runner) reportPart(ctx context.Context, t *testing.T, done int) {
	t.Helper()
	why, more := "interrupted", ""
	if errors.Is(context.Cause(ctx), errNearDeadline) {
		why = "stopped before the deadline of go test -timeout"
		more = "\nFor more, give it more time (go test -timeout 1h) or fewer seeds (CAPSIZE_SEEDS)."
	}
	valid := ""
	if done > 0 && x.test.Expect == checker.Valid {
		valid = ", and all of these are valid"
	}
	t.Errorf("capsize: %s: %d of %d seeds were run to their end, from seed %d on%s; seed %d would have been next.%s",
		why, done, max(1, x.test.Seeds), x.test.Seed, valid, x.test.Seed+uint64(done), more)
}

// nameCutShort says which runs of the test were cut short.
func (x *runner) nameCutShort(t *testing.T) {
	t.Helper()
	if x.test.Recorder == nil {
		return
	}
	for _, c := range x.test.Recorder.cut {
		note(t, "capsize: the last run of %s was %v\nTo re-run:\n%s", x.test.Name, c, x.set.rerunSeed(x.name, c.Seed()))
	}
}

// note says something of a test, be it that it passes or that the process dies: what is
// logged of a test is not seen then, unless -v is given.
func note(t *testing.T, format string, args ...any) {
	t.Helper()
	if testing.Verbose() {
		t.Logf(format, args...)
	} else {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
	}
}

// finishCutShort runs the seeds again of the runs that were cut short, and reports
// whether the test goes on after that. Those that come to their end are removed.
func (x *runner) finishCutShort(ctx context.Context, t *testing.T) (goesOn bool) {
	t.Helper()
	if x.test.Recorder == nil {
		return true
	}
	for _, c := range x.test.Recorder.cut {
		if x.set.seed != 0 && x.set.seed != c.Seed() {
			continue // another seed was asked for
		}
		rec, err := c.record()
		if err != nil {
			t.Errorf("capsize: %v; delete the folder if it is of no use", err)
			continue
		}
		r, err := Exec(ctx, t, savedRun{Record: rec}.apply(x.test))
		if err != nil {
			t.Fatalf("capsize: %v", err)
		}
		if wasInterrupted(r) || !x.passes(r) {
			if !wasInterrupted(r) {
				_ = c.Remove() // it is saved as a failure now
			}
			x.fail(ctx, t, r, "The last run of this seed was cut short: "+c.Finding().String())
			return false
		}
		finished(t, c, r)
	}
	return true
}

// finished says what came of a run that was cut short and has been repeated to its end.
// A crash that did not come again, of a run that was another one, can't be said to be
// mended.
func finished(t *testing.T, c CutShort, r *Result) {
	t.Helper()
	differs, err := c.differs(r)
	if err != nil {
		t.Errorf("capsize: %v", err)
		return
	}
	if differs != "" && c.crashed() {
		t.Errorf("capsize: seed %d crashed the process the last time (%v), and is %v now, but it does not repeat: %s\n"+
			"If the bug is mended, delete %s", r.Seed, c.Finding(), r.Verdict, differs, filepath.ToSlash(c.Dir()))
		return
	}
	if differs == "" {
		differs = "its history is the same as far as it was recorded"
	}
	note(t, "capsize: seed %d of %s ran to its end now: %v; %s", r.Seed, t.Name(), r.Verdict, differs)
	if err := c.Remove(); err != nil {
		t.Errorf("capsize: remove a run that was cut short: %v", err)
	}
}

// closeRecorder ends the recording of a test, and says if it is not complete.
func (x *runner) closeRecorder(t *testing.T) {
	t.Helper()
	rec := x.test.Recorder
	if rec == nil {
		return
	}
	if err := errors.Join(rec.Err(), rec.Close()); err != nil {
		note(t, "capsize: %v", err)
	}
	// What a process made that died, its followers find there: it goes when it is empty.
	for dir := filepath.Dir(x.recorderDir()); dir != filepath.Dir(recordersDir) && os.Remove(dir) == nil; {
		dir = filepath.Dir(dir)
	}
}
