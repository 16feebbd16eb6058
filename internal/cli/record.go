package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/gocommand"
	"github.com/capsize-go/capsize/internal/recorder"
	"github.com/capsize-go/capsize/internal/savedrun"
)

const (
	recordFile  = savedrun.File
	historyFile = savedrun.History
)

// newRecord returns what it takes to repeat a run, to be kept beside its page.
func newRecord(s runSpec, r *capsize.Result, digest string) savedrun.Record {
	rec := savedrun.Record{
		Seed: r.Seed, Nodes: r.Test.Nodes, Clients: r.Test.Clients, Rate: r.Test.Rate,
		Duration: r.Test.Duration, Timeout: r.Test.Timeout, Settle: r.Test.Settle, Core: r.Test.Core, Calm: r.Test.Calm,
		Verdict: r.Verdict, Reason: r.Reason, Digest: digest, Plan: r.Plan,
	}
	s.describe(&rec)
	return rec
}

// describe names what this program ran, so that it can run it again.
func (s runSpec) describe(rec *savedrun.Record) {
	rec.Capsize, rec.System, rec.Bug, rec.Workload, rec.Nemesis = version(), s.System, s.Bug, s.Workload, s.Nemesis
}

// recorded returns what was run.
func recorded(x savedrun.Record) (runSpec, error) {
	s, err := newRunSpec(x.System, x.Bug, x.Workload)
	if err != nil {
		return s, err
	}
	s.Nemesis = x.Nemesis
	s.Test.Nodes, s.Test.Clients, s.Test.Rate = x.Nodes, x.Clients, x.Rate
	s.Test.Duration, s.Test.Timeout, s.Test.Settle, s.Test.Core, s.Test.Calm = x.Duration, x.Timeout, x.Settle, x.Core, x.Calm
	s.Test.Nemesis = x.Plan
	return s, nil
}

// recordedSmall returns the run of a minimised failure of a system of the catalog. The error says which step or operation does not fit
// any more.
func recordedSmall(f failure.Failure) (s runSpec, err error) {
	rec := f.Record
	if rec.Plan, err = f.Plan(); err != nil {
		return s, err
	}
	if s, err = recorded(rec); err != nil {
		return s, err
	}
	s.small = &f
	s.Test.Script, err = f.Script(s.Test.Workload)
	return s, err
}

// readRecord reads the record at path: a folder with a run.json, or that file.
func readRecord(path string) (x savedrun.Record, file string, err error) {
	if strings.HasSuffix(path, ".jsonl") {
		if _, err := os.Stat(path); err == nil {
			return x, path, fmt.Errorf("%s is a history, which can't be run again; capsize check %s judges it", path, quoted(path))
		}
	}
	x, file, err = savedrun.Read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && file != path:
		return x, file, fmt.Errorf("%s has no %s: it is not a report of capsize run, nor a saved failure of a test", path, recordFile)
	case err != nil:
		return x, file, err
	case x.Test != "" || x.System == "":
		return x, file, savedByTest(x, file)
	}
	if err := x.Validate(); err != nil {
		return x, file, err
	}
	if x.Plan == nil {
		return x, file, fmt.Errorf(`read run: %s:1: "plan" is missing`, file)
	}
	return x, file, nil
}

// savedByTest says how to replay a failure that go test saved: this program does
// not have the system.
func savedByTest(x savedrun.Record, file string) error {
	saved := file // a file has the name of the subtest, as a folder has
	if filepath.Base(file) == recordFile {
		saved = filepath.Dir(file)
	}
	full, err := filepath.Abs(saved)
	if err != nil {
		return err
	}
	pkg, run, ok := strings.Cut(filepath.ToSlash(full), "/"+savedrun.Dir+"/")
	switch {
	case !ok && x.Test == "":
		return fmt.Errorf("read run: %s:1: it names no system, so this is not a run of capsize run", file)
	case !ok: // it was moved: what it is called is still known
		pkg, run = ".", x.Subtest()
	default:
		pkg = gocommand.PackageAt(pkg)
	}
	return fmt.Errorf("%s is a failure that a test saved, and only that test has its system; replay it with\n  %s",
		saved, gocommand.Test(run, pkg, ""))
}

// runningDir is where a folder of reports has the runs that are in progress.
const runningDir = ".running"

// record returns a context whose runs of a spec are kept on the disk while they are in
// progress, in the folder of the reports, until end is called. It says which runs there
// were cut short, and keeps them as reports without a page. Without a folder for reports
// nothing is recorded.
func (a *app) record(ctx context.Context, s runSpec, reports string) (recording context.Context, end func()) {
	if reports == "" {
		return ctx, func() {}
	}
	rec, err := recorder.New(filepath.Join(reports, runningDir))
	if err != nil {
		fmt.Fprintf(a.err, "capsize: no copy of a run in progress is kept, so a crash would lose it: %v\n", err)
	}
	if rec == nil {
		return ctx, func() {}
	}
	for _, c := range rec.CutShort() {
		dir, err := c.Keep(filepath.Join(reports, fmt.Sprintf("cut-short-seed-%d", c.Seed())))
		if err != nil {
			fmt.Fprintf(a.err, "capsize: %v\n", err)
			continue
		}
		fmt.Fprintf(a.err, "capsize: the last run was %v\nTo re-run:\n%s replay %s\n\n", c, programName(), quoted(dir))
	}
	rec.Describe = s.describe
	return recorder.NewContext(ctx, rec), func() {
		for _, err := range []error{rec.Err(), rec.Close()} {
			if err != nil {
				fmt.Fprintf(a.err, "capsize: %v\n", err)
			}
		}
	}
}
