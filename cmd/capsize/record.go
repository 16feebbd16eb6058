package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/nemesis"
)

// A record is what it takes to repeat a run, and what came of it. It is kept as
// run.json beside the page. The plan is kept, not the name of the nemesis alone:
// one can take steps out of it, and a later version may draw others.
type record struct {
	Capsize  string          `json:"capsize"` // version that made it
	System   string          `json:"system"`
	Bug      string          `json:"bug"`
	Workload string          `json:"workload"`
	Nemesis  string          `json:"nemesis"`
	Seed     uint64          `json:"seed"`
	Nodes    int             `json:"nodes"`
	Clients  int             `json:"clients"`
	Rate     float64         `json:"rate"` // 0 for clients without a pace
	Duration time.Duration   `json:"duration_ns"`
	Timeout  time.Duration   `json:"timeout_ns"`
	Settle   time.Duration   `json:"settle_ns"`
	Core     bool            `json:"core,omitempty"`
	Verdict  checker.Verdict `json:"verdict"`
	Reason   string          `json:"reason"`
	Digest   string          `json:"digest"`
	Plan     json.RawMessage `json:"plan"`

	plan nemesis.Plan
}

const (
	recordFile  = "run.json"
	historyFile = "history.jsonl"
)

func newRecord(s trial, r *capsize.Result, digest string) record {
	x := record{
		Capsize: version(), System: s.System, Bug: s.Bug, Workload: s.Workload, Nemesis: s.Nemesis,
		Seed: r.Seed, Nodes: r.Test.Nodes, Clients: r.Test.Clients, Rate: r.Test.Rate,
		Duration: r.Test.Duration, Timeout: r.Test.Timeout, Settle: r.Test.Settle, Core: r.Test.Core,
		Verdict: r.Verdict, Reason: r.Reason, Digest: digest, plan: r.Plan,
	}
	if x.Rate == capsize.Unpaced {
		x.Rate = 0
	}
	return x
}

// write writes the record into a folder.
func (x record) write(dir string) error {
	var err error
	if x.Plan, err = json.Marshal(x.plan); err != nil {
		return fmt.Errorf("encode plan: %w", err)
	}
	b, err := json.MarshalIndent(x, "", "\t")
	if err != nil {
		return fmt.Errorf("encode run: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, recordFile), append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	return nil
}

// trial returns what was run.
func (x record) trial() (trial, error) {
	s, err := newTrial(x.System, x.Bug, x.Workload)
	if err != nil {
		return s, err
	}
	s.Nemesis = x.Nemesis
	s.Test.Nodes, s.Test.Clients, s.Test.Rate = x.Nodes, x.Clients, x.Rate
	if x.Rate == 0 {
		s.Test.Rate = capsize.Unpaced
	}
	s.Test.Duration, s.Test.Timeout, s.Test.Settle, s.Test.Core = x.Duration, x.Timeout, x.Settle, x.Core
	s.Test.Nemesis = x.plan
	return s, nil
}

// readRecord reads the record at path: a folder with a run.json, or that file.
func readRecord(path string) (x record, file string, err error) {
	file = path
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		file = filepath.Join(path, recordFile)
	}
	b, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && file != path:
		return x, file, fmt.Errorf("%s has no %s: it is not a report of capsize run, nor a saved failure of a test", path, recordFile)
	case err != nil:
		return x, file, fmt.Errorf("read run: %w", err)
	case strings.HasSuffix(file, ".jsonl"):
		return x, file, fmt.Errorf("%s is a history, which can't be run again; capsize check %s judges it", file, quoted(file))
	}
	x, err = parseRecord(b, file)
	return x, file, err
}

// parseRecord reads a record. An error names the file and the line.
func parseRecord(b []byte, file string) (x record, err error) {
	fail := func(offset int, err error) (record, error) {
		text := bytes.TrimRight(b, "\n") // what ends too early does so on the last line
		line := 1 + bytes.Count(text[:min(max(offset, 0), len(text))], []byte("\n"))
		return x, fmt.Errorf("read run: %s:%d: %w", file, line, err)
	}
	var kind struct {
		System *string `json:"system"`
	}
	if err := json.Unmarshal(b, &kind); err != nil {
		return fail(offsetOf(b, err), err)
	}
	if kind.System == nil {
		return x, savedByTest(file)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&x); err != nil {
		return fail(offsetOf(b, err), err)
	}
	at := max(0, bytes.Index(b, x.Plan))
	for _, n := range []struct {
		name string
		bad  bool
	}{
		{"nodes", x.Nodes < 1}, {"clients", x.Clients < 1}, {"rate", x.Rate < 0},
		{"duration_ns", x.Duration <= 0}, {"timeout_ns", x.Timeout <= 0}, {"settle_ns", x.Settle <= 0},
		{"plan", len(x.Plan) == 0},
	} {
		if n.bad {
			return fail(bytes.Index(b, fmt.Appendf(nil, "%q", n.name)), fmt.Errorf("%q is missing or makes no sense", n.name))
		}
	}
	// Empty lines before the plan make its lines those of the file.
	above := strings.Repeat("\n", bytes.Count(b[:at], []byte("\n")))
	if x.plan, err = nemesis.ReadPlan(strings.NewReader(above+string(x.Plan)), file); err != nil {
		return x, fmt.Errorf("read run: %w", err)
	}
	return x, nil
}

var unknownField = regexp.MustCompile(`unknown field ("[^"]*")`)

// offsetOf returns where in b an error of package json is.
func offsetOf(b []byte, err error) int {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return int(syntax.Offset)
	case errors.As(err, &kind):
		return int(kind.Offset)
	}
	if m := unknownField.FindStringSubmatch(err.Error()); m != nil {
		return bytes.Index(b, []byte(m[1]))
	}
	return len(b)
}

// savedByTest says how to replay a failure that go test saved: this program does
// not have the system.
func savedByTest(file string) error {
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return err
	}
	pkg, run, ok := strings.Cut(filepath.ToSlash(dir), "/testdata/capsize/")
	if !ok {
		return fmt.Errorf("read run: %s:1: it names no system, so this is not a run of capsize run", file)
	}
	var pattern []string
	for part := range strings.SplitSeq(run, "/") {
		pattern = append(pattern, "^"+regexp.QuoteMeta(part)+"$")
	}
	return fmt.Errorf("%s is a failure that a test saved, and only that test has its system; replay it with\n  go test -run='%s' %s",
		filepath.Dir(file), strings.Join(pattern, "/"), packageOf(pkg))
}

// packageOf returns the folder of a package as the go command names it, from the
// working directory where it is below.
func packageOf(dir string) string {
	here, err := os.Getwd()
	if err != nil {
		return dir
	}
	rel, err := filepath.Rel(here, filepath.FromSlash(dir))
	switch {
	case err != nil || rel == "..", strings.HasPrefix(rel, ".."+string(filepath.Separator)):
		return dir
	case rel == ".":
		return "."
	}
	return "./" + filepath.ToSlash(rel)
}
