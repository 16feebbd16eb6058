package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/workloads"
)

// A runSpec is a test by the names that the command knows its parts by.
type runSpec struct {
	System, Bug, Workload, Nemesis string
	Test                           capsize.Test // all but the seed

	small *failure.Failure // that this is, if it was minimised
}

// newRunSpec puts a system, its bugs and a workload together: the one that the system is to
// pass if none is named.
func newRunSpec(systemName, bug, workload string) (runSpec, error) {
	sys, err := systems.Find(systemName)
	if err != nil {
		return runSpec{}, err
	}
	if bug, err = sys.ParseBugs(bug); err != nil {
		return runSpec{}, err
	}
	workload = cmp.Or(workload, sys.Workload, "register")
	s := runSpec{System: sys.Name, Bug: bug, Workload: workload}
	var known map[string]workloads.Workload
	if s.Test.System, known, err = sys.Build(bug); err != nil {
		return runSpec{}, err
	}
	w, ok := known[workload]
	if !ok {
		return runSpec{}, unknown("workload for "+sys.Name, workload, sorting.Keys(known))
	}
	s.Test.Workload, s.Test.Metrics = w, (*capsize.Result).CallMetrics
	s.Test.Name = workload + " on " + sys.Name
	return s, nil
}

// String says what is run, on one line.
func (s runSpec) String() string {
	text := s.Test.Name
	if s.Bug != "" {
		text += ", bug " + s.Bug
	}
	return text + ", nemesis " + s.Nemesis
}

// run runs one seed.
func (a *app) run(ctx context.Context, s runSpec, seed uint64) (*capsize.Result, error) {
	test := s.Test
	test.Seed, test.Seeds = seed, 1
	r, err := capsize.Exec(ctx, a.t, test)
	if err != nil {
		return nil, fmt.Errorf("run seed %d of %v: %w", seed, s, err)
	}
	return r, nil
}

// runAlone is run with a line on the terminal that says how far it is.
func (a *app) runAlone(ctx context.Context, s runSpec, seed uint64) (*capsize.Result, error) {
	m := newMeter(a.err)
	defer m.end()
	s.Test.Progress = m.show
	return a.run(ctx, s, seed)
}

// An unwrittenError says that a run has no page, or not all of it: the run itself is known.
type unwrittenError struct{ error }

func (e unwrittenError) Unwrap() error { return e.error }

// unwritten takes note of a page that could not be written, so that the run is shown first and the error comes last. It returns any
// other error.
func (a *app) unwritten(page *report.Run, err error) error {
	if _, ok := errors.AsType[unwrittenError](err); !ok {
		return err
	}
	page.ReportPath = ""
	if a.lost == nil {
		a.lost = fmt.Errorf("there is no page: %w", err)
	}
	return nil
}

// smallFile is a minimised failure beside its page.
const smallFile = "failure.txt"

// page returns what is to be shown of a run. Where a folder for reports is given,
// it writes the page there, and beside it what it takes to run this again. If that can't be done the error is an [unwrittenError], and
// the page is there to be shown.
func (s runSpec) page(ctx context.Context, r *capsize.Result, rerun, reports string, again twice) (report.Run, error) {
	page, err := r.Page(rerun)
	if err != nil {
		return page, fmt.Errorf("page of seed %d: %w", r.Seed, err)
	}
	page.System, page.Bug, page.Nemesis = s.System, s.Bug, s.Nemesis
	if full := r.Test.Nemesis.String(); full != s.Nemesis {
		page.Params = append(page.Params, report.KV{Name: "nemesis in full", Value: full})
	}
	page.Repeats, page.Note = again.repeats, again.note
	if s.small != nil {
		page.Shrunk = report.Shrunk{Seed: s.small.From, How: s.small.Shrunk, Needs: s.small.Without()}
	}
	if reports == "" {
		return page, nil
	}
	rec := newRecord(s, r, page.Digest)
	dir := filepath.Join(reports, folderName(rec.ID(), s.System, s.Bug, s.Nemesis, seedName(r.Seed)))
	page.Index = toIndex
	if page.ReportPath, err = report.WriteContext(ctx, dir, page); err != nil {
		return page, unwrittenError{err}
	}
	if s.small != nil {
		err = s.small.Write(filepath.Join(dir, smallFile))
	} else {
		err = rec.Write(dir, nil) // the history is there already
	}
	if err != nil {
		return page, unwrittenError{err}
	}
	x, err := s.line(r, page)
	if err != nil {
		return page, err
	}
	if err := x.Write(dir, time.Now()); err != nil {
		return page, unwrittenError{err}
	}
	return page, nil
}

// readPlan reads a plan from a file.
func readPlan(path string) (nemesis.Plan, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	defer f.Close()
	p, err := nemesis.ReadPlan(f, path)
	if err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	return p, nil
}
