// Package savedrun keeps what it takes to repeat a run in a folder: run.json, the
// parameters and the plan, and history.jsonl, what the run recorded.
//
// Both the failures that capsize.Run saves under testdata/capsize and the reports of
// the command capsize have this form, and only this package reads and writes it. A
// record of a Go test names the test; a record of the command names a system that
// ships with Capsize.
package savedrun

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/runlog"
	"github.com/capsize-go/capsize/nemesis"
)

// The files of a saved run.
const (
	File    = runlog.RunFile     // the [Record]: run.json
	History = runlog.HistoryFile // history.jsonl, as [history.History.Write] writes it
)

// A Record is what it takes to repeat a run, with its verdict. The plan is kept, and
// not the name of the nemesis alone: one can take steps out of it, and a later
// version may draw others from the same seed.
type Record struct {
	Capsize string `json:"capsize,omitempty"` // version that made it
	Test    string `json:"test,omitempty"`    // name of the Go test; empty for a run of the command
	Run     string `json:"run,omitempty"`     // which Run of that test; empty for its only one

	System   string        `json:"system"`
	Bug      string        `json:"bug,omitempty"`
	Workload string        `json:"workload"`
	Nemesis  string        `json:"nemesis"`
	Seed     uint64        `json:"seed"`
	Nodes    int           `json:"nodes"`
	Clients  int           `json:"clients"`
	Rate     float64       `json:"rate"` // operations a second; 0 in the file is +Inf here: clients without a pace
	Duration time.Duration `json:"duration_ns"`
	Timeout  time.Duration `json:"timeout_ns"`
	Settle   time.Duration `json:"settle_ns"`
	Core     bool          `json:"core,omitempty"`

	Calm cluster.Calm `json:"calm,omitzero"` // when links take a constant time

	// Schedule and Runtime are of a run with a deterministic runtime, as package schedule and Result.Runtime spell
	// them. It can be repeated with such a runtime alone.
	Schedule string `json:"schedule,omitempty"`
	Runtime  string `json:"runtime,omitempty"`
	// After is a seed that ran before in the same process: what that left in the globals of libraries is part of this
	// run. 0 is none.
	After uint64 `json:"after_seed,omitempty"`

	Verdict checker.Verdict `json:"verdict"`
	Reason  string          `json:"reason"`
	Digest  string          `json:"digest"` // of the history; see [history.History.Digest]

	// Repeats is yes or no if the seed was run a second time when the run was saved:
	// whether the second run was like the first. It is empty if that was not tried.
	Repeats string `json:"repeats,omitempty"`
	Build   string `json:"build,omitempty"` // hash of the program that ran it; see [Build]
	// Unshrunk says why the failure was not minimised: then it would be kept in a file. See package failure.
	Unshrunk string `json:"unshrunk,omitempty"`

	RawPlan json.RawMessage `json:"plan,omitempty"` // absent if the test's faults can't be kept in a file
	Plan    nemesis.Plan    `json:"-"`

	text []byte // of the file that it was read from
	file string
}

// The values of [Record.Repeats].
const (
	Yes = "yes"
	No  = "no"
)

// ID returns the eight hex digits that distinguish this run from any other: a hash of its
// parameters, its plan and the digest of its history, but not of its verdict.
func (r Record) ID() string {
	r.Capsize, r.Reason, r.Repeats, r.Build, r.Runtime, r.Verdict, r.RawPlan = "", "", "", "", "", checker.Valid, nil
	r.After, r.Unshrunk = 0, ""
	if len(r.Plan) > 0 {
		r.RawPlan = encodePlan(r.Plan)
	}
	if math.IsInf(r.Rate, 1) {
		r.Rate = 0
	}
	return ID(r)
}

// ID returns the first eight hex digits of the SHA-256 of the parts as JSON. A part
// that has no JSON counts by its format %+v.
func ID(parts ...any) string {
	sum := sha256.New()
	for _, p := range parts {
		b, err := json.Marshal(p)
		if err != nil {
			b = fmt.Appendf(nil, "%+v", p)
		}
		sum.Write(append(b, '\n'))
	}
	return hex.EncodeToString(sum.Sum(nil))[:8]
}

// encodePlan returns the JSON of a plan, or nil for one that has a fault that can't
// be kept in a file.
func encodePlan(p nemesis.Plan) json.RawMessage {
	raw, err := json.Marshal(p)
	if err != nil {
		return nil
	}
	return raw
}

// Encode returns the record as it stands in its file; see [Parse].
func (r Record) Encode() ([]byte, error) {
	r.RawPlan = encodePlan(append(nemesis.Plan{}, r.Plan...))
	if math.IsInf(r.Rate, 1) {
		r.Rate = 0
	}
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("encode run: %w", err)
	}
	return append(b, '\n'), nil
}

// Write writes the record and, unless it is nil, the history into dir, which it makes.
func (r Record) Write(dir string, h *history.History) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder of the run: %w", err)
	}
	b, err := r.Encode()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, File), b, 0o644); err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	if h == nil {
		return nil
	}
	f, err := os.Create(filepath.Join(dir, History))
	if err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	if err := h.Write(f); err != nil {
		_ = f.Close() // the first error says more
		return fmt.Errorf("write history: %w", err)
	}
	return f.Close()
}
