package campaign

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/capsize-go/capsize/internal/huntrun"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/internal/sorting"
)

// The files of a campaign's folder.
const (
	File         = "campaign.sqlite"
	FailuresFile = "failures.jsonl"
	PagesDir     = "signatures"
	lockFile     = "lock"
)

// A Target is what seeds are run of: a system of the catalog with its bugs, a workload and a nemesis, or a Run of a Go test.
type Target struct {
	System   string `json:"system,omitempty"`
	Bug      string `json:"bug,omitempty"` // comma-separated; empty for none
	Workload string `json:"workload,omitempty"`
	Nemesis  string `json:"nemesis,omitempty"`
	Package  string `json:"package,omitempty"` // import path; empty for a system of the catalog
	Test     string `json:"test,omitempty"`
	Run      string `json:"run,omitempty"` // which Run of the test; empty for its only one
}

// String names the target on one line: "raftkv bug lease-reads, register, partition", "example.org/store TestStore".
func (t Target) String() string {
	if t.Package != "" {
		return t.Subject()
	}
	return t.Subject() + ", " + t.Nemesis
}

// Subject names what a failure is of: the target without its nemesis.
func (t Target) Subject() string {
	if t.Package != "" {
		return t.Package + " " + path.Join(t.Test, t.Run)
	}
	text := t.System
	if t.Bug != "" {
		text += " bug " + t.Bug
	}
	return text + ", " + t.Workload
}

// A Failure is a run that is not valid, with its target, as a line of [FailuresFile] has it.
type Failure struct {
	Target  Target          `json:"target"`
	Run     huntrun.Outcome `json:"run"`
	Version Version         `json:"version"`
}

// A Run is one run of a campaign.
type Run = Failure

// A Version says which code made a run.
type Version struct {
	Capsize string `json:"capsize"`
	Go      string `json:"go"`
	Runtime string `json:"runtime"`
	Build   string `json:"build"` // hash of the program that ran it
}

// SignatureID returns the eight hex digits by which a campaign names the failures of one subject with one signature. It is empty for a
// run without a signature.
func SignatureID(t Target, s *huntrun.Signature) string {
	if s == nil {
		return ""
	}
	return savedrun.ID(t.Subject(), *s)
}

// A Group is the failures of one subject that have one signature.
type Group struct {
	ID        string // see [SignatureID]
	Subject   string
	Signature huntrun.Signature
	Verdict   string
	Count     int // runs
	Seeds     []uint64
	Targets   []string          // in which it was met, the most frequent first
	First     Run               // the one with the fewest ops up to what is wrong
	Smallest  *huntrun.Smallest // nil if none was made yet
	SmallOf   Target            // the target of Smallest
}

// Page returns the path of the page of the smallest reproduction, in the campaign's folder; empty if there is none.
func (g Group) Page() string {
	if g.Smallest == nil || g.Smallest.Page == "" {
		return ""
	}
	return path.Join(PagesDir, g.ID, g.Smallest.Page)
}

// Saved returns the path of what capsize replay takes of the smallest reproduction, in the campaign's folder; empty if there is nothing.
func (g Group) Saved() string {
	if g.Smallest == nil || g.Smallest.Saved == "" {
		return ""
	}
	return path.Join(PagesDir, g.ID, g.Smallest.Saved)
}

// A Shard is one of several parts of a campaign that are run apart: the seeds whose distance from the first one leaves Number-1 when it
// is divided by Count.
type Shard struct {
	Number int `json:"number"` // from 1 on
	Count  int `json:"count"`
}

// Whole is the shard that is the whole campaign.
var Whole = Shard{1, 1}

// String formats the shard as "2/8".
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Number, s.Count) }

// Has reports whether the i-th seed of each target, from 0 on, is of this shard.
func (s Shard) Has(i uint64) bool { return i%uint64(s.Count) == uint64(s.Number-1) }

// Settings are what all runs of a campaign have in common, by name. A campaign is resumed, and shards are joined, only if these are equal.
type Settings map[string]string

// differences lists what differs between the settings of a campaign and others.
func (s Settings) differences(now Settings) []string {
	var all []string
	for _, name := range names(s, now) {
		if s[name] != now[name] {
			all = append(all, fmt.Sprintf("%s was %s and is %s", name, cmp.Or(s[name], "not set"), cmp.Or(now[name], "not set")))
		}
	}
	return all
}

// names lists the names of settings in order, each once.
func names(maps ...Settings) []string {
	seen := map[string]bool{}
	for _, m := range maps {
		for _, name := range sorting.Keys(m) {
			seen[name] = true
		}
	}
	return sorting.Keys(seen)
}

// TargetsSetting is the setting that lists the targets.
func TargetsSetting(targets []Target) string {
	var all []string
	for _, t := range targets {
		all = append(all, t.String())
	}
	return strings.Join(all, "; ")
}
