package capsize

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/gocommand"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/schedule"
)

// With a deterministic runtime a failure is run again in a process of its own before it is said to repeat: what a
// library keeps in its globals is made in the first run of a process and found by the later ones. Without one the second run
// is in the same process, as globals are the least of what may differ.

// The environment of a process that runs one seed for another process.
const (
	confirmVariable    = "CAPSIZE_CONFIRM"     // the folder that it writes into
	confirmRunVariable = "CAPSIZE_CONFIRM_RUN" // the key of the Run
	decisionsFile      = "decisions.bin"
)

// confirms reports whether this process was started to run a seed for another one, and does so.
func (x *runner) confirms(t *testing.T) bool {
	t.Helper()
	dir := os.Getenv(confirmVariable)
	if dir == "" {
		return false
	}
	if os.Getenv(confirmRunVariable) != x.key {
		return true // another Run of this test
	}
	r, err := Exec(t.Context(), t, x.test)
	if err != nil {
		t.Fatalf("capsize: %v", err)
	}
	if err := x.writeConfirmation(dir, r); err != nil {
		t.Fatalf("capsize: %v", err)
	}
	return true
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
	return rec.Write(dir, r.History)
}

// freshly runs the seed of a run once more, in a process of its own, and compares.
func (x *runner) freshly(ctx context.Context, r *Result) again {
	if r.Stopped != nil {
		return again{missing: "the run was cut short, so it was not tried"}
	}
	dir, err := os.MkdirTemp("", "capsize-confirm-")
	if err != nil {
		return again{missing: err.Error()}
	}
	defer os.RemoveAll(dir)
	a := again{fresh: true}
	if a.differs, err = x.compareFresh(ctx, dir, r); err != nil {
		return again{missing: fmt.Sprintf("a process of its own could not run it: %v", err)}
	}
	if a.differs != "" {
		a.differs = fmt.Sprintf("A run of seed %d in a process of its own is another one: %s\nWhat a library keeps in its globals may come from the earlier runs of this process.", r.Seed, a.differs)
	}
	return a
}

func (x *runner) compareFresh(ctx context.Context, dir string, r *Result) (differs string, err error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	args := []string{"-test.run=" + gocommand.Pattern(x.name), "-test.count=1"}
	if testing.Short() {
		args = append(args, "-test.short")
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), confirmVariable+"="+dir, confirmRunVariable+"="+x.key,
		fmt.Sprintf("CAPSIZE_SEED=%d", r.Seed), "CAPSIZE_SEEDS=1", "CAPSIZE_STOP_AT=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, lastLines(string(out), 20))
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

// lastLines returns the end of a text.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
