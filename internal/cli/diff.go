package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/catalog/models"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/compare"
	"github.com/capsize-go/capsize/report/index"
	"github.com/capsize-go/capsize/report/result"
)

func (a *app) diffCommand() *cobra.Command {
	var model, html string
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two runs: parameters, plans, histories, counterexamples",
		Long: `Diff shows two runs side by side: the parameters and the steps of the plan in which they
differ, the first line of the histories that differs, and both counterexamples. A and B are
folders of ` + reportsDir + ` or the IDs that their names end with, failures that go test
saved, or files of histories. A history that has no verdict beside it is judged by --model, as capsize check does.

The same seed with and without a bug shows what the bug does: the histories are the same up
to the first op that it changes.

Exit codes: 0 the runs are the same, 1 they differ, 3 usage or harness error.`,
		Example: `  capsize run --bug lease-reads --nemesis leader --seed 1 --report r
  capsize run --nemesis leader --seed 1 --report r
  capsize diff r/raftkv-lease-reads-* r/raftkv-leader-*
  capsize diff r/raftkv-lease-reads-* r/raftkv-leader-* --html r/compare.html`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("diff takes two runs, not %d; see capsize diff --help", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.diff(cmd.Context(), args, model, html) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&model, "model", "", "what histories without a verdict are judged by; default: the workload, else register; see capsize list models")
	f.StringVar(&html, "html", "", "also write the comparison into this file, as a page")
	complete(cmd, map[string][]string{"model": models.Names(models.Rows())})
	return cmd
}

func (a *app) diff(ctx context.Context, args []string, model, html string) error {
	var sides [2]compare.Side
	args = []string{reportNamed(args[0]), reportNamed(args[1])}
	for i, path := range args {
		var err error
		if sides[i], err = a.side(ctx, path, model); err != nil {
			return err
		}
	}
	c := compare.Compare(sides[0], sides[1])
	if err := c.Text(a.out, a.width()); err != nil {
		return err
	}
	if html != "" {
		if err := a.writeComparison(c, args, html); err != nil {
			return err
		}
	}
	if !c.Same() {
		return outcome(checker.Invalid)
	}
	return nil
}

// writeComparison writes the page, and the index of its folder if it has one: two runs of one seed are linked there.
func (a *app) writeComparison(c compare.Comparison, args []string, html string) error {
	c.A.Page, c.B.Page = pageFrom(html, args[0]), pageFrom(html, args[1])
	c.A.Name, c.B.Name = portable(c.A.Name), portable(c.B.Name)
	var page bytes.Buffer
	command := fmt.Sprintf("%s diff %s %s", programName(), quoted(portable(args[0])), quoted(portable(args[1])))
	if err := c.HTML(&page, command); err != nil {
		return err
	}
	if err := os.WriteFile(html, page.Bytes(), 0o666); err != nil {
		return fmt.Errorf("--html: %w", err)
	}
	dir := filepath.Dir(html)
	if _, err := os.Stat(filepath.Join(dir, index.File)); err == nil && filepath.Dir(filepath.Clean(args[0])) == dir {
		a.index(dir)
	}
	return nil
}

// pageFrom returns the link from a page to that of a run; it is empty if the run has none, or none that the page can reach.
func pageFrom(html, run string) string {
	rel, err := filepath.Rel(filepath.Dir(html), filepath.Join(run, index.File))
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	if _, err := os.Stat(filepath.Join(run, index.File)); err != nil {
		return ""
	}
	return "./" + filepath.ToSlash(rel)
}

// side reads one of the two runs.
func (a *app) side(ctx context.Context, path, model string) (compare.Side, error) {
	info, err := os.Stat(path)
	if err != nil {
		return compare.Side{}, err
	}
	if !info.IsDir() && filepath.Base(path) == recordFile {
		path = filepath.Dir(path)
	} else if !info.IsDir() {
		return a.judgedSide(ctx, compare.Side{Name: path}, path, cmp.Or(model, "register"))
	}
	s := compare.Side{Name: path}
	rec, _, err := savedrun.Read(path)
	known := err == nil
	switch {
	case known:
		s.Params, s.Plan = paramsOf(rec), stepsOf(rec)
		s.Result = result.Result{System: rec.System, Bug: rec.Bug, Workload: rec.Workload, Seed: rec.Seed}
	case !errors.Is(err, fs.ErrNotExist):
		return s, err
	}
	s.Lines, err = os.ReadFile(filepath.Join(path, historyFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("read history: %w", err)
	}
	r, err := result.Read(path)
	switch {
	case err == nil:
		if s.Judged, s.Result = true, r; !known {
			s.Params = []report.KV{{Name: "what", Value: r.Title}, {Name: "system", Value: r.System}, {Name: "workload", Value: r.Workload}, {Name: "nemesis", Value: r.Nemesis}, {Name: "seed", Value: fmt.Sprint(r.Seed)}}
		}
		return s, nil
	case !result.Missing(err):
		return s, err
	case s.Lines == nil && !known:
		return s, fmt.Errorf("%s has no %s and no %s: it is no report, and no saved failure of a test", path, recordFile, historyFile)
	case s.Lines == nil:
		s.Note = "it has no " + historyFile
		return s, nil
	}
	return a.judgedSide(ctx, s, filepath.Join(path, historyFile), cmp.Or(model, modelOf(rec.Workload)))
}

// modelOf returns the model of that name, or register if there is none.
func modelOf(workload string) string {
	if slices.Contains(models.Names(models.Rows()), workload) {
		return workload
	}
	return "register"
}

// judgedSide reads a history and judges it. That it can't be judged is no error: the histories can still be compared.
func (a *app) judgedSide(ctx context.Context, s compare.Side, file, model string) (compare.Side, error) {
	o := checkOptions{model: model, consistency: models.Linearizable, format: history.Auto.String()}
	j, err := o.judge()
	if err != nil {
		return s, err
	}
	rec, err := a.readHistory(file, j)
	if err != nil && s.Lines == nil {
		text, readErr := os.ReadFile(file)
		if filepath.Ext(file) != ".jsonl" || readErr != nil {
			return s, err
		}
		s.Lines = text
	}
	var r models.Judgement
	if err == nil {
		if s.Lines == nil {
			var b bytes.Buffer
			if err := rec.History.Write(&b); err != nil {
				return s, fmt.Errorf("history of %s: %w", file, err)
			}
			s.Lines = b.Bytes()
		}
		if r, err = j.Judge(ctx, rec); err == nil {
			r.Result = r.Explain(ctx)
		}
	}
	if err != nil {
		s.Note = fmt.Sprintf("not judged: %v; see --model", err)
		return s, nil
	}
	page, err := j.judged(portable(file), r)
	if err != nil {
		return s, err
	}
	known := s.Result
	s.Judged, s.Result, s.Note = true, result.Of(page), "judged now, by the model "+model
	if known.System != "" {
		s.Result.System, s.Result.Bug, s.Result.Seed = known.System, known.Bug, known.Seed
	}
	return s, nil
}

// paramsOf lists what a run was made with.
func paramsOf(rec savedrun.Record) (all []report.KV) {
	for _, p := range []report.KV{
		{Name: "test", Value: strings.TrimSuffix(rec.Test+"/"+rec.Run, "/")}, {Name: "system", Value: rec.System}, {Name: "bug", Value: rec.Bug}, {Name: "workload", Value: rec.Workload},
		{Name: "nemesis", Value: rec.Nemesis}, {Name: "seed", Value: fmt.Sprint(rec.Seed)}, {Name: "nodes", Value: fmt.Sprint(rec.Nodes)},
		{Name: "clients", Value: fmt.Sprint(rec.Clients)}, {Name: "rate", Value: fmt.Sprint(rec.Rate)}, {Name: "duration", Value: rec.Duration.String()},
		{Name: "timeout", Value: rec.Timeout.String()}, {Name: "settle", Value: rec.Settle.String()}, {Name: "core", Value: fmt.Sprint(rec.Core)},
		{Name: "schedule", Value: rec.Schedule}, {Name: "version", Value: rec.Capsize},
	} {
		if p.Value != "" {
			all = append(all, p)
		}
	}
	return all
}

// stepsOf lists the plan of a run.
func stepsOf(rec savedrun.Record) (all []report.Step) {
	for _, s := range rec.Plan {
		all = append(all, report.Step{ID: s.ID, At: s.At, For: s.For, Fault: s.Fault.String()})
	}
	return all
}
