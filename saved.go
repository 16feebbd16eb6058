package capsize

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/schedule"
)

// A savedRun is a failure that is kept.
type savedRun struct {
	savedrun.Record
	ID    string // name of its folder, or of its file
	Dir   string // the folder, or the file
	small *failure.Failure
}

// recordOf returns what it takes to repeat a run of a test with a plan.
func recordOf(test Test, plan nemesis.Plan) savedrun.Record {
	r := savedrun.Record{
		System: systemName(test.System), Workload: test.Workload.Name, Plan: plan,
		Seed: test.Seed, Nodes: test.Nodes, Clients: test.Clients, Rate: test.Rate,
		Duration: test.Duration, Timeout: test.Timeout, Settle: test.Settle, Core: test.Core, Calm: test.Calm,
	}
	if detrt.Active() {
		r.Schedule, r.Runtime = test.Schedule.For(test.Seed).String(), detrt.Version()
	}
	return r
}

// runInProgress returns the record of a run that has not ended yet. The nemesis is left out:
// a run that is repeated has its plan, and is to have the same record.
func runInProgress(test Test, plan nemesis.Plan) savedrun.Record {
	rec := recordOf(test, plan)
	rec.Verdict, rec.Reason = checker.Unknown, "the process died while the run was in progress"
	return rec
}

// record returns the record of a run of this Run.
func (x *runner) record(r *Result) (rec savedrun.Record, err error) {
	rec = recordOf(r.Test, r.Plan)
	rec.Test, rec.Run, rec.Nemesis = x.name, x.key, r.Test.Nemesis.String()
	rec.Verdict, rec.Reason, rec.Build = r.Verdict, r.Reason, savedrun.Build()
	rec.Digest, err = r.Digest()
	return rec, err
}

// save keeps a run for the next time that the test is run.
func (x *runner) save(r *Result) (savedRun, error) {
	rec, err := x.record(r)
	if err != nil {
		return savedRun{ID: fmt.Sprintf("seed-%d", r.Seed)}, err
	}
	s := savedRun{Record: rec, ID: rec.Name()}
	dir := filepath.Join(x.savedDir(), s.ID)
	if err := rec.Write(dir, r.History); err != nil {
		return s, err
	}
	s.Dir = dir
	return s, nil
}

// savedDir returns the folder of the failures of this Run.
func (x *runner) savedDir() string {
	return filepath.Join(savedrun.Dir, filepath.FromSlash(path.Join(x.name, x.key)))
}

// savedFailures returns what is kept for this Run, in the order of the IDs.
func (x *runner) savedFailures() ([]savedRun, error) {
	dir := x.savedDir()
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []savedRun
	for _, e := range entries {
		s := savedRun{ID: e.Name(), Dir: filepath.Join(dir, e.Name())}
		if !e.IsDir() {
			if _, _, ok := savedrun.ParseName(s.ID); !ok {
				continue // not one of this package
			}
			f, err := failure.Read(s.Dir)
			if err != nil {
				return nil, err
			}
			s.Record, s.small = f.Record, &f
			all = append(all, s)
			continue
		}
		s.Record, _, err = savedrun.Read(filepath.Join(s.Dir, savedrun.File))
		if errors.Is(err, fs.ErrNotExist) {
			continue // the folder of a subtest, or of another Run
		}
		if err == nil {
			err = s.Validate()
		}
		if err == nil && s.Schedule != "" {
			err = new(schedule.Schedule).UnmarshalText([]byte(s.Schedule))
		}
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// edited reports whether run.json is not as it was saved, as when a step was taken out of the plan: then another history is what
// was asked for.
func (s savedRun) edited() bool {
	if s.small != nil {
		return s.small.Edited()
	}
	_, hash, ok := savedrun.ParseName(s.ID)
	old := hash == s.ID // from before there was a seed in the name: a hash of other parts
	return ok && hash != "" && !old && s.ID != s.Name()
}

// apply makes a test repeat the saved run.
func (s savedRun) apply(test Test) Test {
	test.Seed, test.Seeds, test.Nodes, test.Clients, test.Rate = s.Seed, 1, s.Nodes, s.Clients, s.Rate
	test.Duration, test.Timeout, test.Settle, test.Core, test.Calm = s.Duration, s.Timeout, s.Settle, s.Core, s.Calm
	if s.Plan != nil {
		test.Nemesis = s.Plan
	}
	if s.Schedule != "" {
		_ = test.Schedule.UnmarshalText([]byte(s.Schedule)) // savedFailures has validated it
	}
	return test
}

// firstDifference says where the history of a run differs from the saved one. It is empty if they are the same byte for byte.
func firstDifference(saved savedrun.Saved, r *Result) (string, error) {
	switch c, err := saved.Compare(r.History); {
	case err != nil || c.Same:
		return "", err
	case saved.Damage != "":
		return saved.Damage + fmt.Sprintf(". This run has another digest too (%.8s), so it is not known where they differ", c.Digest), nil
	case saved.Missing:
		return fmt.Sprintf("the digests of the histories differ, and %s, which would show where, is missing", savedrun.History), nil
	default:
		return fmt.Sprintf("the histories differ from line %d on\n  saved: %s\n  now:   %s", c.Line, c.First, c.Second), nil
	}
}
