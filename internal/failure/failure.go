// Package failure keeps a failure that was minimised in one file that people can read and edit: what happened, as
// comments; the parameters, one a line; the steps of the plan; the operations of the clients; and the history.
//
// A file of this form is what capsize.Run saves under testdata/capsize, and what the command capsize replays. Larger
// failures, and those that can't be minimised, are kept in folders: see package savedrun. docs/reference/failures.md
// describes the form.
package failure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// MaxHistory is how many bytes the history of a failure may have that is kept in a file. One with more is nothing that
// people read, and is kept in a folder.
const MaxHistory = 64 << 10

// A Failure is what a file has.
type Failure struct {
	Story  []string        // what happened, a line each, for people: the comments at the beginning
	Record savedrun.Record // the parameters and the verdict; without a plan
	Shows  Signature       // what a run of it shows
	Shrunk string          // from what it was made: "from 6 faults, 707 calls, 5 nodes to 1 fault, 3 calls, 3 nodes in 61 runs"
	From   uint64          // the seed of the run that it was made from
	Notes  []Note          // what happens without each part
	Go     string          // the version of Go that made it
	Inputs string          // the hash that [Failure.Sum] returned when the file was written
	Steps  []Step
	Ops    []Op
	// History is the history of the run, as JSON lines.
	History []byte

	file string // that it was read from
}

// A Signature is capsize.Signature, which this package must not import.
type Signature struct{ Checker, Anomaly, Shape string }

// A Note says what happens without a part of the run: "fault 1", "it passes".
type Note struct{ Part, Without string }

// A Step is a step of the plan. Its fault is JSON, since a program that has not got it may read the file too.
type Step struct {
	ID      int
	At, For time.Duration
	Fault   json.RawMessage
	Chose   string // what the fault chose, for people; it is not read back

	line int
}

// An Op is an operation that a client is to invoke. Its input is JSON, since only the workload knows its type.
type Op struct {
	Client int
	At     time.Duration // since the faults began
	Final  bool
	Input  json.RawMessage

	line int
}

// Is reports whether the file at path has this form. It returns an error if the file can't be read.
func Is(path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, len(title))
	n, _ := f.Read(head) // a file that is too short has another form
	return string(head[:n]) == title, nil
}

// Read reads a file. An error names it and the line.
func Read(path string) (Failure, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Failure{}, fmt.Errorf("read failure: %w", err)
	}
	return Parse(b, path)
}

// Write writes the failure into a file, whose folder it makes. A file that is there is replaced in one step.
func (f Failure) Write(path string) error {
	text, err := f.Encode()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make folder of the failure: %w", err)
	}
	next := path + ".new"
	if err := os.WriteFile(next, text, 0o644); err != nil {
		return fmt.Errorf("write failure: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		_ = os.Remove(next) // the first error says more
		return fmt.Errorf("write failure: %w", err)
	}
	return nil
}

// namesHosts matches the JSON of a fault that says which hosts it takes.
var namesHosts = regexp.MustCompile(`\b[nc]\d+\b`)

// StepsOf returns the steps of a plan, with what each fault chose in a run. It is an error if a fault can't be kept
// in a file.
func StepsOf(p nemesis.Plan, h *history.History) ([]Step, error) {
	chose := map[string]string{}
	for f := range h.Faults() {
		if text, ok := f.Invoke.Input.(string); ok {
			chose[f.Invoke.Key] = text
		}
	}
	var steps []Step
	for _, s := range p {
		b, err := json.Marshal(nemesis.Plan{s})
		if err != nil {
			return nil, fmt.Errorf("the plan can't be kept in a file: %w", err)
		}
		var raw []struct{ Fault json.RawMessage }
		if err := json.Unmarshal(b, &raw); err != nil {
			return nil, fmt.Errorf("the plan can't be kept in a file: %w", err)
		}
		text := chose[fmt.Sprint("step ", s.ID)]
		if strings.Contains(s.Fault.String(), text) || namesHosts.Match(raw[0].Fault) {
			text = "" // it says nothing new
		}
		steps = append(steps, Step{ID: s.ID, At: s.At, For: s.For, Fault: unescaped(raw[0].Fault), Chose: text})
	}
	return steps, nil
}

// Plan returns the plan. An error names the line of a step that this program does not know.
func (f Failure) Plan() (nemesis.Plan, error) {
	p := nemesis.Plan{}
	for _, s := range f.Steps {
		text := fmt.Sprintf(`[{"id":%d,"at":%q,"for":%q,"fault":%s}]`, s.ID, s.At, s.For, s.Fault)
		var one nemesis.Plan
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			return nil, f.at(s.line, fmt.Errorf("step %d does not fit any more: %s", s.ID, strings.TrimPrefix(err.Error(), "step 1 of the plan: ")))
		}
		p = append(p, one...)
	}
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", f.file, err)
	}
	return p, nil
}

// OpsOf returns the operations of a script. It is an error if an input is another one after it was kept as JSON.
func OpsOf(w workloads.Workload, s workloads.Script) ([]Op, error) {
	ops := []Op{}
	for i, o := range s {
		b, err := marshal(o.Input)
		if err != nil {
			return nil, fmt.Errorf("the input of operation %d has no JSON: %w", i+1, err)
		}
		back, err := w.ReadInput(b)
		if err != nil || !reflect.DeepEqual(back, o.Input) {
			return nil, fmt.Errorf("the input of operation %d, %v, is another one when it is read from JSON: %s", i+1, o.Input, b)
		}
		ops = append(ops, Op{Client: o.Client, At: o.At, Final: o.Final, Input: b})
	}
	return ops, nil
}

// Script returns the operations as a workload takes them. An error names the line of the first one that does not fit the
// workload any more.
func (f Failure) Script(w workloads.Workload) (workloads.Script, error) {
	s := workloads.Script{}
	for i, o := range f.Ops {
		in, err := w.ReadInput(o.Input)
		if err != nil {
			return nil, f.at(o.line, fmt.Errorf("operation %d is the first that does not fit workload %q any more: %w", i+1, w.Name, err))
		}
		s = append(s, workloads.Operation{Client: o.Client, At: o.At, Final: o.Final, Input: in})
	}
	if err := s.Validate(w, f.Record.Clients); err != nil {
		return nil, fmt.Errorf("%s: %w", f.file, err)
	}
	return s, nil
}

// Sum returns a hash of all that a run of the failure depends on: the parameters, the steps and the operations.
func (f Failure) Sum() string {
	r := f.Record
	params := []any{r.System, r.Bug, r.Workload, r.Seed, r.Nodes, r.Clients, r.Duration, r.Timeout, r.Settle, r.Core, r.Calm, r.Schedule, r.After, rateText(r.Rate)}
	for _, s := range f.Steps {
		params = append(params, s.ID, s.At, s.For, s.Fault)
	}
	for _, o := range f.Ops {
		params = append(params, o.Client, o.At, o.Final, o.Input)
	}
	return savedrun.ID(params...)
}

// Edited reports whether the file was changed by hand since it was written, in a way that makes another run.
func (f Failure) Edited() bool { return f.Inputs != "" && f.Inputs != f.Sum() }

// Saved returns the history to compare others with.
func (f Failure) Saved() savedrun.Saved { return f.Record.HistoryOf(f.History) }

// Validate returns an error for parameters that a run can't have.
func (f Failure) Validate() error {
	r := f.Record
	for _, n := range []struct {
		name string
		bad  bool
	}{
		{"nodes", r.Nodes < 1}, {"clients", r.Clients < 1}, {"rate", !(r.Rate > 0)},
		{"duration", r.Duration <= 0}, {"timeout", r.Timeout <= 0}, {"settle", r.Settle <= 0},
		{"workload", r.Workload == ""}, {"checker", f.Shows.Checker == ""},
	} {
		if n.bad {
			return fmt.Errorf("read failure: %s: %q is missing or makes no sense", f.file, n.name)
		}
	}
	ids := map[int]bool{}
	for _, s := range f.Steps {
		if ids[s.ID] {
			return f.at(s.line, fmt.Errorf("there is a step %d already", s.ID))
		}
		ids[s.ID] = true
	}
	for _, o := range f.Ops {
		if o.Client >= r.Clients {
			return f.at(o.line, fmt.Errorf("there is no client %d; %d clients are numbered from 0", o.Client, r.Clients))
		}
	}
	return nil
}

// at names the line of the file that an error is about.
func (f Failure) at(line int, err error) error {
	if line == 0 { // it was not read from a file
		return err
	}
	return fmt.Errorf("read failure: %s:%d: %w", f.file, line, err)
}

// marshal is json.Marshal without the escapes that only HTML needs.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// unescaped returns JSON without the escapes that only HTML needs.
func unescaped(raw json.RawMessage) json.RawMessage {
	if b, err := marshal(raw); err == nil {
		return b
	}
	return raw
}

// Verdict words of the file.
func parseVerdict(text string) (checker.Verdict, bool) {
	for _, v := range []checker.Verdict{checker.Valid, checker.Unknown, checker.Invalid} {
		if v.String() == text {
			return v, true
		}
	}
	return checker.Valid, false
}

// unpaced is the rate of clients that ask as fast as they are answered.
const unpaced = "unpaced"

func rateText(rate float64) string {
	if math.IsInf(rate, 1) {
		return unpaced
	}
	return fmt.Sprint(rate)
}

// Without says what happens without the parts, those together of which the same is to be said: "without fault 1 or operation 2: it passes".
func (f Failure) Without() (lines []string) {
	var outcomes []string
	parts := map[string][]string{}
	for _, n := range f.Notes {
		if parts[n.Without] == nil {
			outcomes = append(outcomes, n.Without)
		}
		parts[n.Without] = append(parts[n.Without], n.Part)
	}
	if len(f.Steps) == 0 {
		lines = append(lines, "no fault is needed")
	}
	for _, outcome := range outcomes {
		lines = append(lines, fmt.Sprintf("without %s: %s", anyOf(parts[outcome]), outcome))
	}
	return lines
}

// anyOf joins names: "fault 1, operation 2 or operation 3".
func anyOf(names []string) string {
	if n := len(names) - 1; n > 0 {
		return strings.Join(names[:n], ", ") + " or " + names[n]
	}
	return strings.Join(names, "")
}

// Kinds returns the names of the faults of the plan, each once, as "partition".
func (f Failure) Kinds() (kinds []string) {
	for _, s := range f.Steps {
		var k struct{ Kind string }
		if err := json.Unmarshal(s.Fault, &k); err == nil && !slices.Contains(kinds, k.Kind) {
			kinds = append(kinds, k.Kind)
		}
	}
	return kinds
}
