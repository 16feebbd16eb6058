package cli

import (
	"fmt"
	"path/filepath"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/nemesis"
)

// runningDir is where a folder of reports has the runs that are in progress.
const runningDir = ".running"

// record keeps the runs of a trial on the disk while they are in progress, in the folder
// of the reports, until end is called. It says which runs there were cut short, and keeps
// them as reports without a page. Without a folder for reports nothing is recorded.
func (a *app) record(s *trial, reports string) (end func()) {
	if reports == "" {
		return func() {}
	}
	rec, err := capsize.NewRecorder(filepath.Join(reports, runningDir))
	if err != nil {
		fmt.Fprintf(a.err, "capsize: runs are not recorded as they go, so a crash will lose them: %v\n", err)
	}
	if rec == nil {
		return func() {}
	}
	for _, c := range rec.CutShort() {
		dir, err := c.Keep(filepath.Join(reports, fmt.Sprintf("cut-short-seed-%d", c.Seed())))
		if err != nil {
			fmt.Fprintf(a.err, "capsize: %v\n", err)
			continue
		}
		fmt.Fprintf(a.err, "capsize: the last run was %v\nTo re-run:\n%s replay %s\n\n", c, programName(), quoted(dir))
	}
	t := *s
	rec.Describe = func(test capsize.Test, plan nemesis.Plan) ([]byte, error) {
		r := &capsize.Result{Test: test, Seed: test.Seed, Plan: plan, Verdict: checker.Unknown, Reason: "the process died while the run was in progress"}
		return newRecord(t, r, "").Encode()
	}
	s.Test.Recorder = rec
	return func() {
		for _, err := range []error{rec.Err(), rec.Close()} {
			if err != nil {
				fmt.Fprintf(a.err, "capsize: %v\n", err)
			}
		}
	}
}
