// Package crew starts the worker processes of a hunt and hears them out.
//
// A process a core keeps the globals of libraries apart, and a worker that is killed, runs out of memory, exits or meets a fatal error
// costs the run in flight alone: that is an outcome of its own, with the last lines that the worker printed.
package crew

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/capsize-go/capsize/internal/child"
	"github.com/capsize-go/capsize/internal/huntrun"
)

// A Program is what a worker is made of.
type Program struct {
	Path string
	Args []string
	Dir  string   // empty: that of this process
	Env  []string // beside that of this process, without what is about runs of Capsize
}

// A Job is one task for one worker.
type Job struct {
	Program Program
	Task    huntrun.Task

	// Keep is called with each outcome, in the order in which they come. The worker goes on when it has returned.
	Keep func(huntrun.Outcome, huntrun.Hello) error
}

// An Answer is what a worker said that is no run.
type Answer struct {
	Hello huntrun.Hello
	Found []huntrun.Found   // of Task.List
	Small *huntrun.Smallest // of Task.Small
}

// Do has a new process do a job. A run in whose middle it died is handed to Keep too; the seeds after it are left undone, and so
// are all that are left when ctx is done. The error is about a test that can't be run, or one of Keep.
func Do(ctx context.Context, j Job) (a Answer, err error) {
	task, err := json.Marshal(j.Task)
	if err != nil {
		return a, fmt.Errorf("task of a worker: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return a, fmt.Errorf("start a worker: %w", err)
	}
	defer read.Close()
	ctx, stop := context.WithCancel(ctx) // it also stops the worker when Keep fails
	defer stop()
	cmd := exec.CommandContext(ctx, j.Program.Path, j.Program.Args...)
	cmd.Dir, cmd.Env = j.Program.Dir, append(environment(), append(j.Program.Env, huntrun.Variable+"="+string(task))...)
	var out tail
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = &out, &out, []*os.File{write}
	child.OwnGroup(cmd)
	cmd.Cancel = func() error { return child.SignalGroup(cmd, os.Kill) }
	cmd.WaitDelay = 2 * time.Second // processes that it has started may hold its output open
	acknowledge, err := cmd.StdinPipe()
	if err != nil {
		return a, fmt.Errorf("start a worker: %w", err)
	}
	if err := cmd.Start(); err != nil {
		_ = write.Close() // nothing was written
		return a, fmt.Errorf("start a worker: %w", err)
	}
	_ = write.Close() // the worker has it
	killFirst(cmd.Process.Pid)
	h := hearing{job: j, acknowledge: func() { _, _ = acknowledge.Write([]byte{'\n'}) }, stop: stop} // a worker that is gone is seen below
	heard := huntrun.Read(read, h.line)
	_ = acknowledge.Close()
	ended := cmd.Wait()
	switch {
	case h.err != nil:
		return h.answer, h.err
	case context.Cause(ctx) != nil:
		return h.answer, nil
	case heard != nil:
		return h.answer, heard
	case h.ended:
		return h.answer, nil
	case h.inFlight == 0:
		return h.answer, fmt.Errorf("a worker ended before it had done its task (%v)\n%s", cmp.Or(ended, errors.New("exit status 0")), out.String())
	}
	died := deathOf(h.inFlight, cmd.ProcessState.String(), out.String())
	died.CPU = max(0, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()-h.used)
	return h.answer, j.Keep(died, h.answer.Hello)
}

// A hearing is what was heard of one worker.
type hearing struct {
	job         Job
	answer      Answer
	acknowledge func()
	stop        func()
	inFlight    uint64 // the seed of the run that has begun and not ended
	used        time.Duration
	ended       bool
	err         error
}

// line takes note of a line of the worker.
func (h *hearing) line(l huntrun.Line) {
	switch {
	case h.err != nil:
	case l.Hello != nil:
		h.answer.Hello = *l.Hello
	case l.Found != nil:
		h.answer.Found = append(h.answer.Found, *l.Found)
	case l.Begin != 0:
		h.inFlight = l.Begin
	case l.Run != nil:
		h.inFlight, h.used = 0, h.used+l.Run.CPU
		if h.err = h.job.Keep(*l.Run, h.answer.Hello); h.err != nil {
			h.stop()
			return
		}
		h.acknowledge()
	case l.Small != nil:
		h.answer.Small = l.Small
		h.acknowledge()
	case l.Error != "":
		h.err = errors.New(l.Error)
	case l.End:
		h.ended = true
	}
}

// environment is that of this process without what is about runs of Capsize, and with what suits a process that has one core.
func environment() []string {
	env := []string{"GOMAXPROCS=1", "GOGC=800"}
	for _, v := range os.Environ() {
		switch name, _, _ := strings.Cut(v, "="); name {
		case huntrun.Variable, "CAPSIZE_SEED", "CAPSIZE_SEEDS", "CAPSIZE_STOP_AT", "CAPSIZE_REPORT":
		case "GOMAXPROCS", "GOGC": // of this process: a worker has one core
		default:
			env = append(env, v)
		}
	}
	return env
}

// killFirst has Linux kill a worker before this process when memory runs out.
func killFirst(pid int) {
	if runtime.GOOS == "linux" {
		_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("500"), 0) // where it can't be said, the kernel chooses
	}
}

// deathOf is the outcome of a run in whose middle its worker died.
func deathOf(seed uint64, state, output string) huntrun.Outcome {
	why := state
	for line := range strings.Lines(output) {
		if line = strings.TrimSpace(line); fatal.MatchString(line) {
			why = line
			break
		}
	}
	return huntrun.Outcome{
		Seed: seed, Verdict: huntrun.Died, Output: output,
		Reason:    fmt.Sprintf("the process ended in the middle of the run (%s): %s", state, why),
		Signature: &huntrun.Signature{Checker: "process", Anomaly: numbers.ReplaceAllString(why, "N")},
	}
}

var (
	fatal   = regexp.MustCompile(`^(fatal error|panic|runtime|SIG[A-Z]+): `)
	numbers = regexp.MustCompile(`0x[0-9a-f]+|\d+`)
)

// The last lines of what a worker prints are kept.
const (
	tailLines = 30
	tailBytes = 16 << 10
)

// A tail keeps the beginning of a crash and the end of what was written to it.
type tail struct {
	mu    sync.Mutex
	b     []byte
	crash []byte // from the first line on that says what was fatal
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.crash != nil {
		if len(t.crash) < tailBytes {
			t.crash = append(t.crash, p...)
		}
		return len(p), nil
	}
	line := bytes.LastIndexByte(t.b, '\n') + 1 // the last one is not complete yet
	t.b = append(t.b, p...)
	if at := fatalLine.FindIndex(t.b[line:]); at != nil {
		t.crash, t.b = t.b[line+at[0]:], nil
	}
	if len(t.b) > 2*tailBytes {
		t.b = append([]byte(nil), t.b[len(t.b)-tailBytes:]...)
	}
	return len(p), nil
}

var fatalLine = regexp.MustCompile(`(?m)^(fatal error|panic|SIG[A-Z]+): `)

// String returns the first lines of a crash, or the last lines of what was printed.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.crash != nil {
		lines := bytes.Split(bytes.TrimSpace(t.crash[:min(len(t.crash), tailBytes)]), []byte("\n"))
		return string(bytes.Join(lines[:min(len(lines), tailLines)], []byte("\n")))
	}
	lines := bytes.Split(bytes.TrimSpace(t.b[max(0, len(t.b)-tailBytes):]), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-tailLines):], []byte("\n")))
}
