// Package result is the result of a run as data: what capsize run --json prints, and what
// result.json beside a page holds for other programs. docs/reference/result.schema.json describes it.
package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report"
)

// The files of package result.
const (
	File      = "result.json" // a [Result], beside the page of a run
	SweepFile = "sweep.json"  // a [Sweep], in a folder of its own
)

// A Result is what came out of one run, or of one history that was recorded elsewhere. Times are in nanoseconds.
type Result struct {
	System   string          `json:"system"`
	Bug      string          `json:"bug"` // "" if there is none
	Workload string          `json:"workload"`
	Nemesis  string          `json:"nemesis"`
	Seed     uint64          `json:"seed"` // 0 of a history that was recorded elsewhere
	Verdict  checker.Verdict `json:"verdict"`

	Ops       Ops    `json:"ops"`
	Digest    string `json:"digest"` // SHA-256 of the history
	VirtualNS int64  `json:"virtual_ns"`
	WallNS    int64  `json:"wall_ns"`
	CPUNS     int64  `json:"cpu_ns"`

	Counterexample []Call `json:"counterexample"`
	Note           string `json:"counterexample_note,omitempty"` // why it may not be the smallest

	Exercised json.RawMessage `json:"exercised,omitempty"` // a capsize.Exercised; absent of a history that was recorded elsewhere
	Metrics   json.RawMessage `json:"metrics,omitempty"`   // a list of report.Metric
	Snapshot  string          `json:"snapshot,omitempty"`  // of a run that was stopped by --stop-at
	Report    string          `json:"report"`              // path of the page; "" if none was written

	Title    string `json:"title"`
	Headline string `json:"headline"` // the verdict in a few words
	Reason   string `json:"reason"`   // the verdict in one sentence
	// Signature says which kind of failure it is: runs that fail by one bug have one signature. It is empty if that is not known.
	Signature string  `json:"signature,omitempty"`
	Command   string  `json:"command"` // runs it again; "" if that can't be done
	Checks    []Check `json:"checks"`

	Finished string `json:"finished,omitempty"` // when its page was written, as RFC 3339 has it
}

// Ops counts calls by their outcome.
type Ops struct {
	OK   int `json:"ok"`
	Fail int `json:"fail"`
	Info int `json:"info"`
}

// A Check is the answer of one checker.
type Check struct {
	Checker string          `json:"checker"`
	Verdict checker.Verdict `json:"verdict"`
	Reason  string          `json:"reason"`
}

// A Call is one of a counterexample.
type Call struct {
	Process    int    `json:"process"`
	Node       string `json:"node"`
	Key        string `json:"key"`
	Input      any    `json:"input"`
	Output     any    `json:"output"`
	Type       string `json:"type"` // ok, fail or info
	InvokeNS   int64  `json:"invoke_ns"`
	CompleteNS *int64 `json:"complete_ns"` // null if it never completed
	Context    bool   `json:"context"`     // whether it only shows where a value came from, and does not contradict the others
}

// Of returns the result that a report shows. It has no Exercised, Metrics and Finished.
func Of(run report.Run) Result {
	r := Result{
		System: run.System, Bug: run.Bug, Workload: run.Workload, Nemesis: run.Nemesis, Seed: run.Seed, Verdict: run.Verdict,
		Digest: run.Digest, VirtualNS: int64(run.Virtual), WallNS: int64(run.Wall), CPUNS: int64(run.CPU),
		Snapshot: run.Snapshot, Report: run.ReportPath,
		Title: run.Title, Headline: run.Headline(), Reason: run.Reason(), Signature: run.Signature, Command: run.Rerun,
		Checks: []Check{},
	}
	why := run.Counterexample()
	r.Counterexample = Calls(why)
	if why != nil {
		r.Note = why.Note
	}
	for _, c := range run.Checks {
		r.Checks = append(r.Checks, Check{c.Checker, c.Verdict, c.Reason})
	}
	if run.History == nil {
		return r
	}
	for c := range run.History.Calls() {
		switch c.Complete.Type {
		case history.OK:
			r.Ops.OK++
		case history.Fail:
			r.Ops.Fail++
		default:
			r.Ops.Info++
		}
	}
	return r
}

// Calls lists the calls of a counterexample. The list is empty, not nil, if there is none.
func Calls(why *checker.Counterexample) []Call {
	list := []Call{}
	if why == nil {
		return list
	}
	for i, c := range why.Calls {
		x := Call{
			Process: c.Invoke.Process, Node: c.Invoke.Node, Key: c.Invoke.Key,
			Input: value(c.Invoke.Input), Output: value(c.Complete.Output), Type: c.Complete.Type.String(), InvokeNS: int64(c.Invoke.Time),
			Context: why.Context(i),
		}
		if c.Complete.Time != history.Forever {
			at := int64(c.Complete.Time)
			x.CompleteNS = &at
		}
		list = append(list, x)
	}
	return list
}

// value returns an input or an output as JSON has it: null in the place of each integer that stands for no value, which a reader
// would take for a number.
func value(v any) any {
	none := strconv.Itoa(math.MinInt) // model.Nil
	text, err := json.Marshal(v)
	if err != nil || !bytes.Contains(text, []byte(none)) {
		return v
	}
	var out []byte
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			out = append(out, c)
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && bytes.HasPrefix(text[i:], []byte(none)):
			out = append(out, "null"...)
			i += len(none) - 1
			continue
		}
		out = append(out, text[i])
	}
	return json.RawMessage(out)
}

// OfRun is [Of] with what was exercised, a capsize.Exercised, and with the metrics of the test.
func OfRun(run report.Run, exercised any, metrics []report.Metric) (r Result, err error) {
	r = Of(run)
	if r.Exercised, err = json.Marshal(exercised); err != nil {
		return r, fmt.Errorf("result of seed %d: %w", run.Seed, err)
	}
	if len(metrics) == 0 {
		return r, nil
	}
	if r.Metrics, err = json.Marshal(metrics); err != nil {
		return r, fmt.Errorf("result of seed %d: %w", run.Seed, err)
	}
	return r, nil
}

// Write writes the result into a folder, as [File], at once: a reader sees all of it or nothing. The page is the index.html beside it.
func (r Result) Write(dir string, now time.Time) error {
	r.Report, r.Finished = "index.html", now.UTC().Format(time.RFC3339)
	return writeFile(filepath.Join(dir, File), r)
}

// Read reads the result that a folder has. The error is fs.ErrNotExist if it has none. A file without a verdict is an error.
func Read(dir string) (r Result, err error) {
	path := filepath.Join(dir, File)
	var has struct{ Verdict *checker.Verdict }
	if err := readFile(path, &r); err != nil {
		return r, err
	}
	if err := readFile(path, &has); err != nil {
		return r, err
	}
	if has.Verdict == nil {
		return r, fmt.Errorf("read %s: it has no verdict", path)
	}
	return r, nil
}

// A Sweep is what came out of several seeds of one test.
type Sweep struct {
	Title    string `json:"title"`
	System   string `json:"system"`
	Bug      string `json:"bug"`
	Workload string `json:"workload"`
	Nemesis  string `json:"nemesis"`
	Wanted   int    `json:"wanted"`  // how many seeds were asked for; fewer were run if it was interrupted
	Command  string `json:"command"` // runs the whole sweep again
	Finished string `json:"finished,omitempty"`
	Seeds    []Seed `json:"seeds"`
}

// A Seed is one run of a sweep.
type Seed struct {
	Seed      uint64          `json:"seed"`
	Verdict   checker.Verdict `json:"verdict"`
	Headline  string          `json:"headline,omitempty"` // absent of a valid run
	Reason    string          `json:"reason,omitempty"`
	Signature string          `json:"signature,omitempty"` // as in [Result]
	Folder    string          `json:"folder,omitempty"`    // name of the folder with its page, beside that of the sweep; absent if it has none
	Command   string          `json:"command"`
}

// Write writes the sweep into a folder, which it makes, as [SweepFile].
func (s Sweep) Write(dir string, now time.Time) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder of the sweep: %w", err)
	}
	s.Finished = now.UTC().Format(time.RFC3339)
	return writeFile(filepath.Join(dir, SweepFile), s)
}

// ReadSweep reads the sweep that a folder has. The error is fs.ErrNotExist if it has none.
func ReadSweep(dir string) (s Sweep, err error) {
	err = readFile(filepath.Join(dir, SweepFile), &s)
	return s, err
}

func readFile(path string, v any) error {
	if info, err := os.Stat(path); err != nil {
		return err
	} else if !info.Mode().IsRegular() { // a named pipe would be waited for without an end
		return fmt.Errorf("read %s: it is no regular file", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

func writeFile(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return Replace(path, append(text, '\n'))
}

// Replace writes a file in the place of the one of that name, if there is one: a reader sees one of the two, whole.
func Replace(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error says more
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// Missing reports whether an error of this package says that there is no such file.
func Missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
