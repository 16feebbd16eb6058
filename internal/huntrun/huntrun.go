// Package huntrun is what a hunt and its worker processes say to each other.
//
// A worker is a process that runs seeds of one test: the binary of a Go test, or capsize-hunt for a system of the catalog. The
// environment gives it a [Task] ([Variable]). For each run it writes two lines of JSON to the file descriptor [Pipe], one when it begins and
// one with the outcome, and then waits until the hunt has kept that: it reads one byte from its standard input. If there is none any more,
// the hunt is gone, and the worker ends. So whatever is killed loses at most the runs in flight.
package huntrun

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

const (
	// Variable is the environment variable that holds the task.
	Variable = "CAPSIZE_HUNT"
	// Pipe is the file descriptor that lines are written to.
	Pipe = 3
)

// The verdicts of a run. The first three are those of a checker.
const (
	Valid   = "valid"
	Unknown = "unknown"
	Invalid = "invalid"
	Died    = "died" // the worker process ended in the middle of the run
)

// A Task is what a worker is to do: exactly one of List, Seeds and Small.
type Task struct {
	List  bool     `json:"list,omitempty"`  // name the Runs of the tests, and run nothing
	Test  string   `json:"test,omitempty"`  // the Go test whose Run is meant
	Run   string   `json:"run,omitempty"`   // which Run of that test; empty for its only one
	Seeds []uint64 `json:"seeds,omitempty"` // to run, in this order
	Small *Small   `json:"small,omitempty"` // the failure to make small

	System *System `json:"system,omitempty"` // of the catalog; nil for a Go test
}

// A System is a test that the catalog has the parts of, by their names.
type System struct {
	System   string        `json:"system"`
	Bug      string        `json:"bug,omitempty"` // comma-separated; empty for none
	Workload string        `json:"workload"`
	Nemesis  string        `json:"nemesis"`
	Nodes    int           `json:"nodes"`
	Clients  int           `json:"clients"`
	Rate     float64       `json:"rate"` // operations a second; 0: as fast as answers come
	Duration time.Duration `json:"duration_ns"`
	Timeout  time.Duration `json:"timeout_ns"`
	Settle   time.Duration `json:"settle_ns"`
	Core     bool          `json:"core,omitempty"`
}

// Small asks for the smallest reproduction of a failure.
type Small struct {
	Seed      uint64        `json:"seed"`
	Signature Signature     `json:"signature"`
	Digest    string        `json:"digest,omitempty"` // of the run that was found
	Dir       string        `json:"dir"`              // absolute; the page goes there
	CPU       time.Duration `json:"cpu_ns"`           // the most processor time; 0: the run is kept as it is
	Command   string        `json:"command"`          // that runs the seed again; empty: that of the Go test
	Replay    string        `json:"replay"`           // that runs again what is saved, but for the name of that; empty: that of the Go test
}

// A Signature is a capsize.Signature.
type Signature struct {
	Checker string `json:"checker"`
	Anomaly string `json:"anomaly"`
	Shape   string `json:"shape,omitempty"`
}

// String formats the signature on one line, as capsize.Signature does.
func (s Signature) String() string {
	text := s.Checker + ": " + s.Anomaly
	if s.Shape != "" {
		text += " (" + s.Shape + ")"
	}
	return text
}

// A Line is what a worker says. One field is set.
type Line struct {
	Hello *Hello    `json:"hello,omitempty"` // first of all
	Found *Found    `json:"found,omitempty"` // answer to Task.List, a line a Run
	Begin uint64    `json:"begin,omitempty"` // the seed of the run that begins now
	Run   *Outcome  `json:"run,omitempty"`   // of the run that began
	Small *Smallest `json:"small,omitempty"` // answer to Task.Small
	Error string    `json:"error,omitempty"` // why the task can't be done
	End   bool      `json:"end,omitempty"`   // the task is done
}

// Hello says which code the worker has.
type Hello struct {
	Capsize string `json:"capsize"` // version
	Go      string `json:"go"`      // version
	Runtime string `json:"runtime"` // as Result.Runtime: the version of Go, and which deterministic runtime
}

// Found is a Run of a Go test.
type Found struct {
	Test     string `json:"test"`
	Run      string `json:"run,omitempty"`
	System   string `json:"system"`
	Workload string `json:"workload"`
	Nemesis  string `json:"nemesis"`
}

// An Outcome is the result of one run.
type Outcome struct {
	Seed      uint64          `json:"seed"`
	Verdict   string          `json:"verdict"`
	Reason    string          `json:"reason,omitempty"`    // one sentence; empty if the run is valid
	Signature *Signature      `json:"signature,omitempty"` // nil if the run is valid
	Weight    int             `json:"weight,omitempty"`    // ops of the history up to what is wrong: the fewer, the easier to make small
	Digest    string          `json:"digest,omitempty"`    // SHA-256 of the history; empty if the run is valid, or died
	Trace     string          `json:"trace,omitempty"`     // hash of all that happened in the cluster, in hex
	Exercised json.RawMessage `json:"exercised,omitempty"` // a capsize.Exercised
	CPU       time.Duration   `json:"cpu_ns"`
	Virtual   time.Duration   `json:"virtual_ns"`
	Schedule  string          `json:"schedule,omitempty"` // of the deterministic runtime; empty without one
	Output    string          `json:"output,omitempty"`   // the last lines that a worker printed that died
}

// A Size counts what a failure consists of.
type Size struct {
	Faults     int           `json:"faults"`
	Operations int           `json:"operations"`
	Nodes      int           `json:"nodes"`
	Clients    int           `json:"clients"`
	Duration   time.Duration `json:"duration_ns"` // of the phase with faults
}

// Less reports whether a failure of this size is easier to read than one of the other: fewer faults, then fewer operations, then fewer nodes.
func (s Size) Less(t Size) bool {
	switch {
	case s.Faults != t.Faults:
		return s.Faults < t.Faults
	case s.Operations != t.Operations:
		return s.Operations < t.Operations
	case s.Nodes != t.Nodes:
		return s.Nodes < t.Nodes
	}
	return s.Duration < t.Duration
}

// A Smallest is the smallest reproduction of a failure that was found in the time.
type Smallest struct {
	Seed    uint64        `json:"seed"`
	Before  Size          `json:"before"`
	After   Size          `json:"after"`
	Runs    int           `json:"runs"` // that it took
	CPU     time.Duration `json:"cpu_ns"`
	Stopped string        `json:"stopped,omitempty"` // why it may be smaller still; empty if nothing more could be taken out
	Text    string        `json:"text"`              // of the failure, as a terminal shows it
	Account []string      `json:"account,omitempty"` // what happened, a line each
	Notes   []string      `json:"notes,omitempty"`   // what each part that is left is needed for
	Repeats string        `json:"repeats"`           // whether the seed gave the same run in this process, on one line
	Command string        `json:"command"`           // that runs the seed again
	Page    string        `json:"page"`              // name of the page's file in Small.Dir; empty if it could not be written
	Saved   string        `json:"saved"`             // name of what capsize replay takes, in Small.Dir: the file of a small failure, or a folder
}

// A Worker is the side of a process that was started by a hunt.
type Worker struct {
	Task Task
	out  io.Writer
	in   io.Reader
	err  error
}

// pipe is the file that lines are written to: one for the whole process, since a file that is dropped is closed.
var pipe = sync.OnceValue(func() *os.File {
	keepPipe()
	return os.NewFile(Pipe, "the hunt")
})

// Open returns the worker that this process is, or nil if no hunt has started it. It takes the task out of the environment, so that no
// process that the test starts is a worker too.
func Open() (*Worker, error) { return opened() }

var opened = sync.OnceValues(open)

func open() (*Worker, error) {
	text := os.Getenv(Variable)
	if text == "" {
		return nil, nil
	}
	if err := os.Unsetenv(Variable); err != nil {
		return nil, fmt.Errorf("environment variable %s: %w", Variable, err)
	}
	w := &Worker{out: pipe(), in: os.Stdin}
	if err := json.Unmarshal([]byte(text), &w.Task); err != nil {
		return nil, fmt.Errorf("environment variable %s: %w", Variable, err)
	}
	return w, nil
}

// Say writes a line. After an error nothing is written any more: see [Worker.Err].
func (w *Worker) Say(l Line) {
	if w.err != nil {
		return
	}
	b, err := json.Marshal(l)
	if err == nil {
		_, err = w.out.Write(append(b, '\n'))
	}
	if err != nil {
		w.err = fmt.Errorf("tell the hunt: %w", err)
	}
}

// Wait waits until the hunt has kept what was said last.
func (w *Worker) Wait() {
	if w.err != nil {
		return
	}
	var one [1]byte
	if _, err := io.ReadFull(w.in, one[:]); err != nil {
		w.err = fmt.Errorf("the hunt has ended: %w", err)
	}
}

// Err returns the first error of a worker, after which it should end.
func (w *Worker) Err() error { return w.err }

// maxLine is the most bytes that a line may have.
const maxLine = 64 << 20

// Read calls f for each line that a worker writes to r, until it ends. A line that is cut off, as by the death of the worker, is left out.
func Read(r io.Reader, f func(Line)) error {
	b := bufio.NewReaderSize(r, 64<<10)
	var long []byte
	for {
		part, err := b.ReadSlice('\n')
		long = append(long, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(long) < maxLine:
			continue
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("read what a worker says: %w", err)
		}
		var l Line
		if err := json.Unmarshal(long, &l); err != nil {
			return fmt.Errorf("read what a worker says: %w", err)
		}
		long = long[:0]
		f(l)
	}
}
