package explore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/capsize-go/capsize/internal/gocommand"
	"github.com/capsize-go/capsize/schedule"
)

// questionVar names the environment variable with a [question].
const questionVar = "CAPSIZE_EXPLORE_QUESTION"

// A question is what a process asks a fresh one: what a seed comes to.
type question struct {
	Key  string // of the sweep
	Seed uint64
	Hash uint64 // of the decisions that are expected
	File string // for the answer
}

// An answer is what a fresh process says of a seed.
type answer struct {
	Failed      bool
	Steps, Hash uint64
	Decisions   []string // a line each, if they are not the expected ones
}

// readQuestion returns what this process is asked, or nil.
func readQuestion() *question {
	q := new(question)
	if json.Unmarshal([]byte(os.Getenv(questionVar)), q) != nil {
		return nil // there is none
	}
	return q
}

// answer answers the question, if it is about that seed.
func (q *question) answer(t *testing.T, o outcome) {
	t.Helper()
	if o.seed != q.Seed {
		return
	}
	o.trace = schedule.Recorded()
	a := answer{Failed: o.failed, Steps: o.trace.Steps, Hash: o.trace.Hash}
	if a.Hash != q.Hash {
		a.Decisions = decisions(o)
	}
	text, err := json.Marshal(a)
	if err == nil {
		err = os.WriteFile(q.File, text, 0o600)
	}
	if err != nil {
		t.Errorf("explore: say what seed %d came to: %v", o.seed, err)
	}
}

// decisions returns the decisions of a run, a line each.
func decisions(o outcome) []string {
	var b bytes.Buffer
	_ = o.trace.Write(&b) // to memory
	return strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
}

// confirm has a fresh process run a seed that failed here. If that comes to something else, it has another one run all seeds up to that one, as here. It says
// what was seen, and from which seed on they have to be run.
func (x *sweep) confirm(o outcome) (repeats string, from uint64) {
	alone, err := x.ask(o, o.seed)
	switch {
	case err != nil:
		return fmt.Sprintf("not known: %v", err), o.seed
	case alone.like(o):
		return "yes: a fresh process made the same decisions and failed", o.seed
	}
	differs := alone.differs(o)
	if o.seed > x.Seed && o.seed-x.Seed < uint64(x.Seeds) {
		if all, err := x.ask(o, x.Seed); err == nil && all.like(o) {
			return fmt.Sprintf("only after the seeds from %d on: what they leave in package variables matters. Alone, %s", x.Seed, differs), x.Seed
		}
	}
	return "NO: in a fresh process " + differs, o.seed
}

func (a answer) like(o outcome) bool {
	return a.Failed && a.Hash == o.trace.Hash && a.Steps == o.trace.Steps
}

// differs says where the decisions of another process differ from those here.
func (a answer) differs(o outcome) string {
	verdict := "it fails, too, but"
	if !a.Failed {
		verdict = "it passes;"
	}
	if a.Decisions == nil {
		return verdict + " the decisions are the same: something else than the schedule differs"
	}
	here := decisions(o)
	for i := range min(len(here), len(a.Decisions)) {
		if here[i] != a.Decisions[i] {
			return fmt.Sprintf("%s decision %d differs\n  here:  %s\n  there: %s", verdict, i+1, here[i], a.Decisions[i])
		}
	}
	return fmt.Sprintf("%s there are %d decisions and here %d, which are alike up to there", verdict, a.Steps, o.trace.Steps)
}

// ask has a fresh process run the seeds from one on, up to that of an outcome.
func (x *sweep) ask(o outcome, from uint64) (a answer, err error) {
	dir, err := os.MkdirTemp("", "capsize-explore-")
	if err != nil {
		return a, fmt.Errorf("ask a fresh process: %w", err)
	}
	defer os.RemoveAll(dir)
	q := question{Key: x.key, Seed: o.seed, Hash: o.trace.Hash, File: filepath.Join(dir, "answer.json")}
	text, err := json.Marshal(q)
	if err != nil {
		return a, fmt.Errorf("ask a fresh process: %w", err)
	}
	program, err := os.Executable()
	if err != nil {
		return a, fmt.Errorf("ask a fresh process: %w", err)
	}
	ctx, cancel := context.WithTimeout(x.t.Context(), x.patience())
	defer cancel()
	cmd := exec.CommandContext(ctx, program, gocommand.Arguments(x.t.Name())...)
	cmd.Env = append(os.Environ(), questionVar+"="+string(text),
		fmt.Sprintf("CAPSIZE_SEED=%d", from), fmt.Sprintf("CAPSIZE_SEEDS=%d", o.seed-from+1))
	out, failed := cmd.CombinedOutput()
	text, err = os.ReadFile(q.File)
	switch {
	case ctx.Err() != nil:
		return a, errors.New("a fresh process took too long")
	case err != nil:
		return a, fmt.Errorf("a fresh process did not say what it came to (%v):\n%s", failed, gocommand.LastLines(out))
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return a, fmt.Errorf("read what a fresh process came to: %w", err)
	}
	return a, nil
}

// patience is how long a fresh process may take.
func (x *sweep) patience() time.Duration {
	const most = time.Minute
	if deadline, ok := x.t.Deadline(); ok {
		return min(most, time.Until(deadline)/2)
	}
	return most
}
