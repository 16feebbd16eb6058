package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/cputime"
	"github.com/capsize-go/capsize/internal/progress"
	"github.com/capsize-go/capsize/report/ci"
)

// allScenarios runs all scenarios, one after the other. Its outcome is the worst of theirs; an error of one ends it.
func (a *app) allScenarios(ctx context.Context, o scenarioOptions) error {
	if o.show || len(o.variants)+len(o.faults) > 0 {
		return errors.New("--all runs all variants of all scenarios: it takes neither --variant nor --fault nor --show")
	}
	if o.seeds < 0 {
		return errors.New("--seeds must be 0 or more")
	}
	if a.scenarios == nil {
		return a.delegate(ctx, scenariosCommand, "the scenarios")
	}
	if err := o.ci.check(); err != nil {
		return err
	}
	suite := ci.Suite{Name: "capsize scenario --all"}
	folder := o.svg
	if folder != "" {
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return fmt.Errorf("folder for the pictures: %w", err)
		}
	}
	runs := 0
	for _, s := range a.scenarios.All {
		runs += s.Runs(cmp.Or(o.seeds, s.Glance()))
	}
	bar := progress.New(a.err, runs)
	began, used, rows, worst := time.Now(), cputime.Used(), 0, checker.Valid
	for i, s := range a.scenarios.All {
		if folder != "" {
			o.svg = filepath.Join(folder, s.Name+".svg")
		}
		if i > 0 && !o.json {
			fmt.Fprintln(a.out)
		}
		one := o
		one.seeds = cmp.Or(o.seeds, s.Glance())
		of, err := a.runScenario(ctx, s, one, bar)
		rows += len(of)
		suite.Cases = append(suite.Cases, casesOf(s, of, err)...)
		var v verdictError
		if err != nil && !errors.As(err, &v) {
			return err
		}
		if err != nil {
			worst = max(worst, checker.Verdict(v))
			fmt.Fprintf(a.err, "capsize: %s is %v\n", s.Name, checker.Verdict(v))
		}
		if ctx.Err() != nil {
			break
		}
	}
	fmt.Fprintf(a.err, "%d scenarios, %d rows, %d of %d runs: %v of a processor in %v\n", len(a.scenarios.All), rows, bar.Done(), runs,
		(cputime.Used() - used).Round(time.Second), time.Since(began).Round(time.Second))
	if err := a.ci(o.ci, suite); err != nil {
		return err
	}
	return outcome(worst)
}
