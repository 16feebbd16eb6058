package capsize

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/gocommand"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/schedule"
)

// With a deterministic runtime a failure is run again in a process of its own before it is said to repeat: what a
// library keeps in its globals is made in the first run of a process and found by the later ones. Without one the second run
// is in the same process, as globals are the least of what may differ.

// The environment of a process that runs one seed for another process.
const (
	confirmVariable    = "CAPSIZE_CONFIRM"        // the folder that it writes into
	confirmRunVariable = "CAPSIZE_CONFIRM_RUN"    // the key of the Run
	confirmAfter       = "CAPSIZE_CONFIRM_AFTER"  // a seed that it runs before; 0: none
	confirmFile        = "CAPSIZE_CONFIRM_FILE"   // the small failure that it runs in place of a seed; empty: none
	confirmRecord      = "CAPSIZE_CONFIRM_RECORD" // the window to record, as two durations with a comma between; empty: none
	decisionsFile      = "decisions.bin"
	messagesFile       = "messages.jsonl"
)

// warmUp fills the caches of encoding/json with the types that the harness itself needs, once in a process. A cache that is
// warm passes fewer points, so a run whose code uses it would depend on what the harness did before: a run that is recorded
// would not be the one that is replayed.
var warmUp = sync.OnceValue(func() error {
	if !detrt.Active() {
		return nil
	}
	b, err := savedrun.Record{Plan: nemesis.Plan{{}}}.Encode()
	if err != nil {
		return err
	}
	if _, err = savedrun.Parse(b, "the first record"); err != nil {
		return err
	}
	_, err = history.AppendJSON(nil, history.Op{})
	return err
})

// confirms reports whether this process was started to run a seed for another one, and does so.
func (x *runner) confirms(ctx context.Context, t *testing.T) bool {
	t.Helper()
	dir := os.Getenv(confirmVariable)
	if dir == "" {
		return false
	}
	if os.Getenv(confirmRunVariable) != x.key {
		return true // another Run of this test
	}
	after, err := strconv.ParseUint(os.Getenv(confirmAfter), 10, 64)
	if err != nil {
		t.Fatalf("capsize: environment variable %s: %v", confirmAfter, err)
	}
	if after != 0 {
		before := x.test
		before.Seed = after
		if _, err := Exec(ctx, t, before); err != nil {
			t.Fatalf("capsize: %v", err)
		}
	}
	if text := os.Getenv(confirmRecord); text != "" {
		if err := x.test.Record.UnmarshalText([]byte(text)); err != nil {
			t.Fatalf("capsize: environment variable %s: %v", confirmRecord, err)
		}
	}
	test, err := toConfirm(x.test)
	if err != nil {
		t.Fatalf("capsize: %v", err)
	}
	r, err := Exec(ctx, t, test)
	if err != nil {
		t.Fatalf("capsize: %v", err)
	}
	if err := x.writeConfirmation(dir, r); err != nil {
		t.Fatalf("capsize: %v", err)
	}
	return true
}

// toConfirm returns the test that a process for another one runs: the seed, or the small failure that the environment names.
func toConfirm(test Test) (Test, error) {
	file := os.Getenv(confirmFile)
	if file == "" {
		return test, nil
	}
	f, err := failure.Read(file)
	if err != nil {
		return test, err
	}
	return applySmall(f, test)
}

func (x *runner) writeConfirmation(dir string, r *Result) error {
	if r.Stopped != nil {
		return fmt.Errorf("the run was cut short: %w", r.Stopped)
	}
	rec, err := x.record(r)
	if err != nil {
		return err
	}
	if r.Decisions != nil {
		b, err := r.Decisions.MarshalBinary()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, decisionsFile), b, 0o644); err != nil {
			return fmt.Errorf("write decisions: %w", err)
		}
	}
	if err := writeMessages(dir, r.Messages); err != nil {
		return err
	}
	return rec.Write(dir, r.History)
}

// freshly runs the seed of a run once more, in a process of its own in which another seed runs before unless after is 0, and compares.
func (x *runner) freshly(ctx context.Context, r *Result, after uint64) again {
	if r.Stopped != nil {
		return again{missing: "the run was cut short, so it was not tried"}
	}
	dir, err := os.MkdirTemp("", "capsize-confirm-")
	if err != nil {
		return again{missing: err.Error()}
	}
	defer os.RemoveAll(dir)
	a := again{fresh: true, after: after}
	if a.differs, err = x.compareFresh(ctx, dir, r, fmt.Sprint(confirmAfter, "=", after)); err != nil {
		return again{missing: fmt.Sprintf("a process of its own could not run it: %v", err)}
	}
	if a.differs != "" {
		a.differs = fmt.Sprintf("A run of seed %d in a process of its own is another one: %s\nWhat a library keeps in its globals may come from the earlier runs of this process.", r.Seed, a.differs)
	}
	return a
}

// freshlySmall runs a small failure that is kept in a file once more, in a process of its own, and says how that differs from its run.
func (x *runner) freshlySmall(ctx context.Context, file string, r *Result) string {
	dir, err := os.MkdirTemp("", "capsize-confirm-")
	if err != nil {
		return err.Error()
	}
	defer os.RemoveAll(dir)
	if file, err = filepath.Abs(file); err != nil {
		return err.Error()
	}
	differs, err := x.compareFresh(ctx, dir, r, confirmAfter+"=0", confirmFile+"="+file)
	switch {
	case err != nil:
		return fmt.Sprintf("a process of its own could not run the small failure: %v", err)
	case differs != "":
		return "the small run is another one in a process of its own: " + differs
	}
	return ""
}

// compareFresh has a process of its own run what the environment says, and says how that differs from a run.
func (x *runner) compareFresh(ctx context.Context, dir string, r *Result, more ...string) (differs string, err error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, program, gocommand.Arguments(x.name)...)
	cmd.Env = append(os.Environ(), confirmVariable+"="+dir, confirmRunVariable+"="+x.key,
		fmt.Sprintf("%s=%v", confirmRecord, r.Window(ctx)), fmt.Sprintf("CAPSIZE_SEED=%d", r.Seed), "CAPSIZE_SEEDS=1", "CAPSIZE_STOP_AT=", confirmFile+"=")
	cmd.Env = append(cmd.Env, more...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, gocommand.LastLines(out))
	}
	rec, _, err := savedrun.Read(dir)
	if err != nil {
		return "", err
	}
	saved, err := rec.ReadHistory(dir)
	if err != nil {
		return "", err
	}
	if differs, err = firstDifference(saved, r); err != nil {
		return "", err
	}
	messages, err := readMessages(dir)
	if err != nil {
		return "", err
	}
	r.take(messages, differs == "")
	decided, err := decisionsDiffer(dir, r)
	if err != nil {
		return "", err
	}
	if differs = joinLines(differs, decided); differs == "" && rec.Verdict != r.Verdict {
		differs = fmt.Sprintf("the histories are alike, but the verdict was %v at first and then %v: %s", r.Verdict, rec.Verdict, rec.Reason)
	}
	return differs, nil
}

// decisionsDiffer says in which decision of the scheduler a run differs from the one of a folder.
func decisionsDiffer(dir string, r *Result) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, decisionsFile))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read decisions: %w", err)
	}
	var theirs schedule.Trace
	if err := theirs.UnmarshalBinary(b); err != nil {
		return "", err
	}
	return r.Decisions.Diff(&theirs), nil
}

// canConfirm reports whether this program is a test that can run itself.
func canConfirm() bool {
	return detrt.Active() && testing.Testing() && flag.Lookup("test.run") != nil
}
