// Package ci writes results for the systems that build software: as JUnit's XML, which all of them read, and as a summary in Markdown.
//
// Text of users may be anything: control characters, quotes, markup and invalid UTF-8 are made harmless, and what is very long is cut.
package ci

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report/result"
)

// A Suite is one command with all that it judged.
type Suite struct {
	Name    string // "capsize run"
	Command string // runs all of it again; may be empty
	Cases   []Case
	Missing int // how many more cases were wanted, and were not judged, since the command was interrupted
}

// A Case is one judgement: of a run, of a recorded history, of a scenario.
type Case struct {
	Class   string // what was tested: "raftkv.lease-reads"
	Name    string // which of them: "seed 3"
	Verdict checker.Verdict

	Headline string // the verdict in a few words
	Reason   string // and in a sentence
	Command  string // runs it again
	Page     string // path of its page
	Digest   string // of the history
	Seed     uint64 // 0 if it has none

	Took time.Duration // of wall time
}

// CaseOf returns the case of a result.
func CaseOf(r result.Result) Case {
	c := Case{
		Class: r.System, Name: fmt.Sprint("seed ", r.Seed), Verdict: r.Verdict, Headline: r.Headline, Reason: r.Reason,
		Command: r.Command, Page: r.Report, Digest: r.Digest, Seed: r.Seed, Took: time.Duration(r.WallNS),
	}
	if r.Bug != "" {
		c.Class += "." + r.Bug
	}
	if r.Seed == 0 {
		c.Class, c.Name = "check."+r.Workload, r.Title
	}
	if r.Workload != "" && r.Seed != 0 {
		c.Name = r.Workload + ", " + c.Name
	}
	return c
}

// counts returns how many cases have each verdict.
func (s Suite) counts() (n [3]int) {
	for _, c := range s.Cases {
		n[min(int(c.Verdict), 2)]++
	}
	return n
}
