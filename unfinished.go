package capsize

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/engine"
	"github.com/capsize-go/capsize/internal/recorder"
	"github.com/capsize-go/capsize/internal/savedrun"
)

// errNearDeadline is why a run was cut short that would have met go test -timeout.
var errNearDeadline = fmt.Errorf("%w: the end of go test -timeout was near", engine.ErrInterrupted)

// margin returns how long before the deadline of the test a sweep ends, so that there is time to judge what was recorded and to
// write a page.
func margin(left time.Duration) time.Duration { return min(left/10, 30*time.Second) }

// beforeDeadline returns a context that is done at Ctrl-C, and so long before the deadline of the test that what was recorded can
// be judged and reported.
func beforeDeadline(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
	deadline, ok := t.Deadline()
	if !ok {
		return ctx, stop
	}
	late, cancel := context.WithDeadlineCause(ctx, deadline.Add(-margin(time.Until(deadline))), errNearDeadline)
	return late, func() { cancel(); stop() }
}

// wasInterrupted reports whether a run was cut short from outside, or stopped where the user wanted it.
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
	if x.recorder == nil {
		return
	}
	for _, c := range x.recorder.CutShort() {
		note(t, "capsize: the last run of %s was %v\nTo re-run:\n%s", x.test.Name, c, x.set.rerunSeed(x.name, c.Seed()))
	}
}

// note says something of a test, be it that it passes or that the process dies: what is logged of a test is not seen then, unless
// -v is given.
func note(t *testing.T, format string, args ...any) {
	t.Helper()
	if testing.Verbose() {
		t.Logf(format, args...)
	} else {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
	}
}

// finishCutShort runs the seeds again of the runs that were cut short, and reports whether the test goes on after that. Those
// that come to their end are removed.
func (x *runner) finishCutShort(ctx context.Context, t *testing.T) (goesOn bool) {
	t.Helper()
	if x.recorder == nil {
		return true
	}
	for _, c := range x.recorder.CutShort() {
		if x.set.seed != 0 && x.set.seed != c.Seed() {
			continue // another seed was asked for
		}
		rec, err := c.Record()
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

// finished reports the outcome of a run that was cut short and has been repeated to its end. A crash that did not come again, of
// a run that was another one, can't be said to be mended.
func finished(t *testing.T, c recorder.CutShort, r *Result) {
	t.Helper()
	differs, err := c.Differs(r.History)
	if err != nil {
		t.Errorf("capsize: %v", err)
		return
	}
	if differs != "" && c.Crashed() {
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
	rec := x.recorder
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

// recordersDir is where the runs in progress of a package's tests are kept, each test's in a folder of its own.
var recordersDir = filepath.Join(savedrun.Dir, ".running")

// recorderDir returns the folder of the runs in progress of this Run.
func (x *runner) recorderDir() string {
	return filepath.Join(recordersDir, filepath.FromSlash(path.Join(x.name, x.key)))
}

// unwritable says once in a process that runs are not recorded.
var unwritable sync.Once

// newRecorder returns the recorder for a test. If its folder can't be written, that is said once, and the test is run without.
func (x *runner) newRecorder() *recorder.Recorder {
	r, err := recorder.New(x.recorderDir())
	if err != nil {
		unwritable.Do(func() {
			fmt.Fprintf(os.Stderr, "capsize: runs are not recorded as they go, so a crash of this process will lose them: %v\n", err)
		})
	}
	return r
}
