package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/cputime"
	"github.com/capsize-go/capsize/internal/progress"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/ci"
	"github.com/capsize-go/capsize/scenarios"
)

// scenarioOptions are the flags of capsize scenario.
type scenarioOptions struct {
	variants, faults []string
	seed             uint64
	seeds            int
	page, svg        string
	json, show, all  bool
	ci               ciOptions
}

func (o *scenarioOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringSliceVar(&o.variants, "variant", nil, "run these variants only, comma-separated")
	f.StringSliceVar(&o.faults, "fault", nil, "run them under these faults only, comma-separated")
	f.Uint64Var(&o.seed, "seed", 1, "the first seed of each row")
	f.IntVar(&o.seeds, "seeds", 0, "how many seeds a row; 0: as many as the scenario says")
	f.BoolVar(&o.json, "json", false, "print one JSON object a row, each on a line, and nothing else")
	o.ci.flags(f)
	f.StringVar(&o.svg, "svg", "", "write the picture of the rows into this file; of --all, the pictures into this folder")
	f.BoolVar(&o.show, "show", false, "show the run of --seed alone, of one variant under one fault, and write its page")
}

// runName names a run by its variant, and by its scenario if there are many.
func (o scenarioOptions) runName(scenario, variant string) string {
	if o.all {
		return scenario + ": " + variant
	}
	return variant
}

// scenarioRows lists the scenarios with their questions.
func (a *app) scenarioRows() []systems.Row {
	var all []systems.Row
	if a.scenarios == nil {
		for _, s := range knownScenarios {
			all = append(all, systems.Row{Name: s[0], Doc: s[1]})
		}
		return all
	}
	for _, s := range a.scenarios.All {
		all = append(all, systems.Row{Name: s.Name, Doc: s.Question})
	}
	return all
}

func (a *app) scenarioCommand() *cobra.Command {
	var o scenarioOptions
	var names []string
	long := "Scenario runs a named experiment and prints a row for each variant:\n\n"
	for _, s := range a.scenarioRows() {
		names = append(names, s.Name)
		long += fmt.Sprintf("  %-18s %s\n", s.Name, s.Doc)
	}
	cmd := &cobra.Command{
		Use:   "scenario NAME | --all",
		Short: "Run a named experiment: its variants side by side",
		Long: long + `
It is valid if the rows show what the scenario expects. With --seeds below the scenario's
own number that is not judged: so few may not show it. The seed of a row is the first with the
worst result; --show shows such a run as capsize run does. --all runs all of them, with 10
seeds a row at most unless --seeds says otherwise, and says how much processor time each took.

` + exitCodes,
		Example: `  capsize scenario cap --variant raft-any,abd
  capsize scenario cap --seeds 20 --json
  capsize scenario lease-reads --variant lease --seed 1 --show   # one run of a row
  capsize scenario metastable --svg metastable.svg
  capsize scenario --all`,
		ValidArgs: names,
		Args:      scenarioName(names, &o.all),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.all {
				return a.allScenarios(cmd.Context(), o)
			}
			return a.scenario(cmd.Context(), args[0], o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.all, "all", false, "run all scenarios, one after the other, with few seeds a row")
	return cmd
}

// capCommand is the scenario cap by a name of its own, with a page.
func (a *app) capCommand() *cobra.Command {
	o := scenarioOptions{}
	cmd := &cobra.Command{
		Use:   "cap",
		Short: "Measure what each replication scheme does while the network is cut",
		Long: `Cap runs every replication scheme that ships with Capsize under every kind of network
cut, and says for each: which requests were answered on which side, whether the
history was linearizable and if not what held, how stale reads were, and how many
acknowledged writes were lost. A card is labelled C if every run was linearizable, A if
every request was answered but not every run was linearizable, and neither otherwise.

` + exitCodes,
		Example: `  capsize cap
  capsize cap --variant raft-index,abd,primary-async --fault '3|2'
  capsize cap --json | jq -r '[.variant, .fault, .label] | @tsv'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.scenario(cmd.Context(), "cap", o) },
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&o.page, "report", filepath.Join(reportsDir, "cap"), `folder for the page with all cards; "" writes none`)
	return cmd
}

// isolationCommand is the scenario isolation by a name of its own, with a page.
func (a *app) isolationCommand() *cobra.Command {
	o := scenarioOptions{}
	cmd := &cobra.Command{
		Use:   "isolation",
		Short: "Measure which isolation level each database claims, and which it keeps",
		Long: `Isolation runs every database that ships with Capsize under every kind of fault, as it
should be and with mistakes of real ones, and says for each: which level it claims, which
every run kept, which anomalies were seen, and how many transactions committed and how
long they took. A card is labelled kept if every run kept the claim, and broken if some
run did not.

` + exitCodes,
		Example: `  capsize isolation
  capsize isolation --variant percolator,percolator-blind-retry --fault cut,crash
  capsize isolation --json | jq -r '[.variant, .fault, .claimed, .model, .label] | @tsv'
  capsize scenario isolation --variant galera-certify-at-origin --fault healthy --seed 1 --show`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.scenario(cmd.Context(), "isolation", o) },
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&o.page, "report", filepath.Join(reportsDir, "isolation"), `folder for the page with all cards; "" writes none`)
	return cmd
}

// scenarioName wants one argument, the name of a scenario, and none for all.
func scenarioName(names []string, all *bool) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if *all {
			if len(args) > 0 {
				return fmt.Errorf("--all runs all scenarios, and takes no name, such as %q", args[0])
			}
			return nil
		}
		if len(args) != 1 {
			return fmt.Errorf("scenario takes the name of one scenario, not %d; see capsize scenario --help", len(args))
		}
		if !slices.Contains(names, args[0]) {
			return unknown("scenario", args[0], names)
		}
		return nil
	}
}

// scenario runs a scenario and prints its rows; an interrupt leaves those that were begun.
func (a *app) scenario(ctx context.Context, name string, o scenarioOptions) error {
	if o.seeds < 0 {
		return errors.New("--seeds must be 0 or more")
	}
	if a.scenarios == nil {
		return a.delegate(ctx, scenariosCommand, "the scenarios")
	}
	s, err := scenarios.Find(a.scenarios.All, name)
	if err != nil {
		return err
	}
	if s, err = s.Only(o.variants, o.faults); err != nil {
		return err
	}
	if o.svg != "" && s.Picture == nil {
		return fmt.Errorf("scenario %s has no picture", s.Name)
	}
	if err := o.ci.check(); err != nil {
		return err
	}
	if o.show {
		return a.showRun(ctx, s, o)
	}
	bar := progress.New(a.err, s.Runs(o.seeds))
	rows, err := a.runScenario(ctx, s, o, bar)
	if err := a.ci(o.ci, ci.Suite{Name: "capsize scenario", Command: a.scenarioCommandLine(s, o), Cases: casesOf(s, rows, err)}); err != nil {
		return err
	}
	return err
}

// scenarioCommandLine returns the command that runs the scenario again with as many seeds.
func (a *app) scenarioCommandLine(s scenarios.Scenario, o scenarioOptions) string {
	line := programName() + " scenario " + s.Name
	if len(o.variants) > 0 {
		line += " --variant " + quoted(strings.Join(o.variants, ","))
	}
	if len(o.faults) > 0 {
		line += " --fault " + quoted(strings.Join(o.faults, ","))
	}
	return fmt.Sprintf("%s --seed %d --seeds %d", line, o.seed, cmp.Or(o.seeds, s.Seeds))
}

// casesOf lists a scenario for CI: its rows, and whether they show what was expected, which is what its outcome says.
func casesOf(s scenarios.Scenario, rows []scenarios.Row, came error) (all []ci.Case) {
	for _, r := range rows {
		name := r.Variant
		if r.Fault != "" {
			name += " under " + r.Fault
		}
		all = append(all, ci.Case{Class: "scenario." + s.Name, Name: fmt.Sprintf("%s: %d of %d seeds invalid", name, r.Invalid, r.Seeds)})
	}
	last := ci.Case{Class: "scenario." + s.Name, Name: "expected: " + s.Shows}
	var v verdictError
	switch {
	case errors.As(came, &v):
		last.Verdict, last.Headline = checker.Verdict(v), "the rows do not show what was expected"
		if s.Holds != nil {
			if err := s.Holds(rows); err != nil {
				last.Reason = err.Error()
			}
		}
	case came != nil:
		last.Verdict, last.Headline, last.Reason = checker.Unknown, "the scenario could not be run", came.Error()
	}
	return append(all, last)
}

// runScenario runs a scenario, shows its rows and writes its picture. The error is its outcome; the rows are those that were run.
func (a *app) runScenario(ctx context.Context, s scenarios.Scenario, o scenarioOptions, bar *progress.Progress) ([]scenarios.Row, error) {
	if o.seeds == 0 {
		o.seeds = s.Seeds
	}
	began, used := time.Now(), cputime.Used()
	rows, err := s.Run(ctx, a.t, scenarios.Options{Seed: o.seed, Seeds: o.seeds, Ran: func(v scenarios.Variant, _ *capsize.Result) { bar.Step(o.runName(s.Name, v.String())) }})
	bar.End()
	interrupted := ctx.Err() != nil
	if err != nil && !interrupted {
		return rows, err
	}
	if err := a.showRows(s, rows, o, time.Since(began), cputime.Used()-used); err != nil {
		return rows, err
	}
	if interrupted {
		fmt.Fprintf(a.err, "capsize: interrupted after %d of %d rows\n", len(rows), len(s.Variants))
		return rows, outcome(checker.Unknown)
	}
	if o.svg != "" && s.Picture != nil {
		if err := writePicture(o.svg, s, rows); err != nil {
			return rows, err
		}
	}
	return rows, a.holds(s, rows, o)
}

// writePicture writes the picture of rows into a file.
func writePicture(file string, s scenarios.Scenario, rows []scenarios.Row) error {
	svg, err := s.Picture(rows)
	if err != nil {
		return fmt.Errorf("picture of %s: %w", s.Name, err)
	}
	if err := os.WriteFile(file, svg, 0o666); err != nil {
		return fmt.Errorf("picture of %s: %w", s.Name, err)
	}
	return nil
}

// showRun runs one seed of the one variant that a scenario has been narrowed down to, and shows the run.
func (a *app) showRun(ctx context.Context, s scenarios.Scenario, o scenarioOptions) error {
	if len(s.Variants) != 1 {
		return fmt.Errorf("--show shows one run: name one variant and one fault, of which there are %d together", len(s.Variants))
	}
	v := s.Variants[0]
	r, err := v.Exec(ctx, a.t, o.seed)
	if err != nil {
		return fmt.Errorf("run seed %d of %v: %w", o.seed, v, err)
	}
	rerun := fmt.Sprintf("%s scenario %s --variant %s", programName(), s.Name, quoted(v.Name))
	if v.Fault != "" {
		rerun += " --fault " + quoted(v.Fault)
	}
	page, err := r.Page(fmt.Sprintf("%s --seed %d --show", rerun, o.seed))
	if err != nil {
		return fmt.Errorf("page of seed %d: %w", o.seed, err)
	}
	page.System, page.Nemesis = v.Name, v.Fault
	id := savedrun.ID(s.Name, v.Name, v.Fault, r.Seed, page.Params, page.Digest)
	dir := filepath.Join(reportsDir, folderName(id, s.Name, v.Name, v.Fault, seedName(r.Seed)))
	page.Index = toIndex
	if page.ReportPath, err = report.WriteContext(ctx, dir, page); err != nil {
		return err
	}
	x, err := runSpec{}.line(r, page)
	if err != nil {
		return err
	}
	if err := x.Write(dir, time.Now()); err != nil {
		return err
	}
	a.index(reportsDir)
	if err := errors.Join(a.show(page), a.ci(o.ci, ci.Suite{Name: "capsize scenario", Cases: []ci.Case{ci.CaseOf(x)}})); err != nil {
		return err
	}
	return outcome(r.Verdict)
}

// holds says whether the rows show what was expected. Where a person has asked for fewer seeds than the scenario's own, that is not
// judged: they may be too few. --all takes fewer of itself, and is unknown then.
func (a *app) holds(s scenarios.Scenario, rows []scenarios.Row, o scenarioOptions) error {
	if s.Holds == nil {
		return nil
	}
	err := s.Holds(rows)
	if err == nil {
		return nil
	}
	if o.seeds >= s.Seeds {
		fmt.Fprintf(a.err, "\nthe rows do not show what was expected:\n%v\n", err)
		return outcome(checker.Invalid)
	}
	are := "are"
	if o.seeds == 1 {
		are = "is"
	}
	fmt.Fprintf(a.err, "\n%s %s too few to show this; %d are enough. Not seen yet:\n%v\n", plural(o.seeds, "seed"), are, s.Seeds, err)
	if o.all {
		return outcome(checker.Unknown)
	}
	return nil
}

func (a *app) showRows(s scenarios.Scenario, rows []scenarios.Row, o scenarioOptions, took, used time.Duration) error {
	if o.json {
		for _, r := range rows {
			if err := a.printJSON(r); err != nil {
				return err
			}
		}
	} else {
		var head strings.Builder
		writeWrapped(&head, "", s.Name+": "+s.Question, a.width())
		fmt.Fprintln(a.out, strings.Replace(head.String(), s.Name, a.style.Bold(s.Name), 1))
		if err := s.Table(a.out, rows, a.width()); err != nil {
			return fmt.Errorf("print table: %w", err)
		}
		var b strings.Builder
		writeWrapped(&b, "", fmt.Sprintf("%s a row, %v, of which %v on a processor.", plural(o.seeds, "seed"), took.Round(100*time.Millisecond), used.Round(100*time.Millisecond)), a.width())
		writeWrapped(&b, "", "Expected: "+s.Shows, a.width())
		var legend []string
		for _, m := range s.Legend(rows) {
			legend = append(legend, m.Title+": "+m.Text)
		}
		b.WriteString("\n")
		writeWrapped(&b, "", strings.Join(legend, " · "), a.width())
		fmt.Fprint(a.out, "\n"+b.String())
	}
	if o.page == "" {
		return nil
	}
	path, err := writeGrid(o.page, s.Name, a.scenarios.Grids[s.Name](s, rows))
	if parent := filepath.Dir(o.page); filepath.Base(parent) == reportsDir {
		a.index(parent)
	}
	if err == nil && !o.json {
		fmt.Fprintf(a.out, "page: %s\n", path)
	}
	return err
}

// writeGrid writes the page with the cards into a folder.
func writeGrid(dir, name string, b report.Grid) (path string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("folder for the page: %w", err)
	}
	path = filepath.Join(dir, name+".html")
	f, err := os.Create(path)
	if err != nil {
		return "", fmt.Errorf("page: %w", err)
	}
	if err := errors.Join(report.GridHTML(f, b), f.Close()); err != nil {
		return "", fmt.Errorf("page %s: %w", path, err)
	}
	return path, nil
}
