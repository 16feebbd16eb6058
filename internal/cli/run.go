package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/ci"
	"github.com/capsize-go/capsize/report/index"
	"github.com/capsize-go/capsize/report/result"
)

// runOptions are the flags of capsize run.
type runOptions struct {
	system, bug, workload string
	nemesis, plan         string
	seed                  uint64
	seeds                 int
	nodes, clients        int
	rate                  float64
	duration, timeout     time.Duration
	settle                time.Duration
	core                  bool
	report                string
	json                  bool
	stopAt                string
	ci                    ciOptions

	rerun func(seed uint64) string // the command that runs one of the seeds again
	all   func(seed uint64) string // the command that runs the sweep from that seed on again
}

// reportsDir is where pages go unless the flag says otherwise.
const reportsDir = "capsize-report"

// operationTimeout is shorter than the time that a cut-off leader takes to notice,
// half a second to one. With a longer one all clients of that leader would be
// stuck in a write by then, and no client left to read what it should not answer:
// of 20 runs with lease reads, 16 were found at 500 ms and none at 1 s.
const operationTimeout = 500 * time.Millisecond

func (a *app) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run a system under faults and judge its history",
		Long: `Run starts a cluster of a system that ships with Capsize on virtual time, with clients
that send requests and a nemesis that injects faults, and judges the history. The same
seed gives the same history, byte for byte. A page with the whole run goes to a
folder under ` + reportsDir + `; of a sweep, those of the runs that are not valid.

` + exitCodes,
		Example: `  capsize run                                         # a raft store under partitions
  capsize run --bug local-reads --seed 1              # find a stale read
  capsize run --bug ack-before-sync --nemesis crash   # lose what was acknowledged
  capsize run --nemesis partition,crash --seeds 20    # sweep 20 seeds
  capsize run --seeds 200 --json | jq -r .verdict     # for scripts: a line a run`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.rerun = func(seed uint64) string { return rerunCommand(cmd, seed) }
			o.all = func(seed uint64) string {
				return fmt.Sprintf("%s --seed %d --seeds %d", commandLine(cmd, "seed", "seeds", "json", "color", "junit", "summary"), seed, o.seeds)
			}
			if err := o.bugNemesis(cmd.Flags()); err != nil {
				return err
			}
			if cmd.Flags().Changed("plan") && cmd.Flags().Changed("nemesis") {
				return errors.New("a plan says what goes wrong and when: give --plan or --nemesis, not both")
			}
			return a.runSeeds(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.system, "system", "raftkv", "system to run; see capsize list systems")
	f.StringVar(&o.bug, "bug", "", "bugs to switch on, comma-separated; see capsize list bugs")
	f.StringVar(&o.workload, "workload", "", "what the clients do; default: the system's own workload; see capsize list workloads")
	f.StringVar(&o.nemesis, "nemesis", "partition", "what goes wrong, comma-separated; default with --bug: what finds that bug; see capsize list nemeses")
	f.StringVar(&o.plan, "plan", "", "JSON file that says when which fault is injected, instead of --nemesis")
	f.Uint64Var(&o.seed, "seed", 0, "seed of every draw; 0: a new one")
	f.IntVar(&o.seeds, "seeds", 1, "how many seeds to run, from --seed on")
	f.IntVar(&o.nodes, "nodes", 5, "nodes of the cluster")
	f.IntVar(&o.clients, "clients", 10, "clients; client i talks to node i mod nodes")
	f.Float64Var(&o.rate, "rate", 100, "operations a second of all clients together; 0: as fast as answers come")
	f.DurationVar(&o.duration, "duration", time.Minute, "virtual time in which faults are injected")
	f.DurationVar(&o.timeout, "timeout", operationTimeout, "virtual time that an operation may take")
	f.DurationVar(&o.settle, "settle", 5*time.Second, "virtual time in which all must work again after the faults")
	f.BoolVar(&o.core, "core", false, "after the faults, heal only a random majority; the others never come back")
	f.StringVar(&o.report, "report", reportsDir, `folder for the pages; "" writes none`)
	f.BoolVar(&o.json, "json", false, "print one JSON object a run, each on a line, and nothing else")
	o.ci.flags(f)
	a.lookFlags(cmd, &o.stopAt)
	completions(cmd)
	return cmd
}

// bugNemesis sets the nemesis to what finds the bugs, as capsize list bugs has it, unless one or a plan is given. It then stands in the
// commands that run this again.
func (o runOptions) bugNemesis(f *pflag.FlagSet) error {
	if f.Changed("nemesis") || f.Changed("plan") {
		return nil
	}
	var all []string
	for bug := range strings.SplitSeq(o.bug, ",") {
		found, ok := systems.FindingOf(o.system, strings.TrimSpace(bug))
		if ok && !slices.Contains(all, found.Nemesis) {
			all = append(all, found.Nemesis)
		}
	}
	if len(all) == 0 || len(all) == 1 && all[0] == o.nemesis {
		return nil
	}
	return f.Set("nemesis", strings.Join(all, ","))
}

// lookFlags adds the flags for looking into a run.
func (a *app) lookFlags(cmd *cobra.Command, stopAt *string) {
	cmd.Flags().BoolVarP(&a.verbose, "verbose", "v", false, "also print metrics, and the last log lines before the counterexample")
	cmd.Flags().StringVar(stopAt, "stop-at", "", `virtual time to stop at and show what goes on, as "22.4s"; "22.4s,wait" waits for a debugger`)
}

// stop returns the breakpoint that --stop-at names.
func stop(text string) (b capsize.Breakpoint, err error) {
	if text == "" {
		return b, nil
	}
	if err := b.UnmarshalText([]byte(text)); err != nil {
		return b, fmt.Errorf("--stop-at: %w", err)
	}
	return b, nil
}

// noArgs refuses what is not a flag.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes flags only, not %q; see capsize %[1]s --help", cmd.Name(), args[0])
	}
	return nil
}

// completions has the shell complete the names of the catalogue.
func completions(cmd *cobra.Command) {
	for flag, list := range map[string]func() []systems.Row{
		"system": systems.Rows, "bug": bugRows, "workload": systems.Workloads, "nemesis": systems.NemesisRows,
	} {
		complete := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return systems.Names(list()), cobra.ShellCompDirectiveNoFileComp
		}
		if err := cmd.RegisterFlagCompletionFunc(flag, complete); err != nil {
			panic(err) // there is no such flag: a mistake in this file
		}
	}
}

// spec checks the options and makes a run spec of them.
func (o runOptions) spec() (runSpec, error) {
	if err := o.check(); err != nil {
		return runSpec{}, err
	}
	s, err := newRunSpec(o.system, o.bug, o.workload)
	if err != nil {
		return s, err
	}
	s.Test.Nodes, s.Test.Clients, s.Test.Rate = o.nodes, o.clients, o.rate
	if o.rate == 0 {
		s.Test.Rate = capsize.Unpaced
	}
	s.Test.Duration, s.Test.Timeout, s.Test.Settle, s.Test.Core = o.duration, o.timeout, o.settle, o.core
	if s.Test.StopAt, err = stop(o.stopAt); err != nil {
		return s, err
	}
	if o.plan != "" {
		p, err := readPlan(o.plan)
		s.Nemesis, s.Test.Nemesis = "plan "+filepath.Base(o.plan), p
		return s, err
	}
	s.Nemesis = o.nemesis
	s.Test.Nemesis, err = systems.FindNemesis(o.nemesis)
	return s, err
}

// check refuses numbers that make no sense. Zeros would be taken for "the
// default" further on, which is not what a person means who types them.
func (o runOptions) check() error {
	for _, x := range []struct {
		flag string
		bad  bool
		want string
	}{
		{"seeds", o.seeds < 1, "at least 1"},
		{"nodes", o.nodes < 1, "at least 1"},
		{"clients", o.clients < 1, "at least 1"},
		{"rate", !(o.rate >= 0), "0 or more"},
		{"duration", o.duration <= 0, "more than 0"},
		{"timeout", o.timeout <= 0, "more than 0"},
		{"settle", o.settle <= 0, "more than 0"},
	} {
		if x.bad {
			return fmt.Errorf("--%s must be %s", x.flag, x.want)
		}
	}
	return nil
}

// runSeeds runs one seed or several, and ends with the worst verdict.
func (a *app) runSeeds(ctx context.Context, o runOptions) error {
	s, err := o.spec()
	if err == nil {
		err = o.ci.check()
	}
	if err != nil {
		return err
	}
	if warning := systems.DiskWarning(o.nemesis); warning != "" && o.plan == "" {
		fmt.Fprintf(a.err, "capsize: %s\n", warning)
	}
	return a.runSpec(ctx, s, o)
}

// runSpec runs the seeds of a spec, one or several, as the options say.
func (a *app) runSpec(ctx context.Context, s runSpec, o runOptions) error {
	if o.seed == 0 {
		o.seed = freshSeed()
	}
	ctx, end := a.record(ctx, s, o.report)
	defer end()
	if o.seeds > 1 {
		return a.sweep(ctx, s, o)
	}
	r, err := a.runAlone(ctx, s, o.seed)
	if err != nil {
		return err
	}
	var again twice
	if !o.json || o.report != "" { // a page says whether the run repeats
		if again, err = a.twice(ctx, s, r); err != nil {
			return err
		}
	}
	page, err := s.page(ctx, r, o.rerun(o.seed), o.report, again)
	if err = a.unwritten(&page, err); err != nil {
		return err
	}
	a.index(o.report)
	x, err := s.line(r, page)
	if err != nil {
		return err
	}
	if o.json {
		err = a.printJSON(x)
	} else if err = a.show(page); err == nil {
		err = a.hint(s, r.Verdict)
	}
	if err = errors.Join(err, a.ci(o.ci, ci.Suite{Name: "capsize run", Cases: []ci.Case{ci.CaseOf(x)}})); err != nil {
		return err
	}
	if a.lost != nil {
		return a.lost
	}
	return outcome(r.Verdict)
}

// freshSeed returns a seed that is not likely to have been run before, and short
// enough to be read out. It is drawn outside of any run, and printed.
func freshSeed() uint64 {
	return maphash.String(maphash.MakeSeed(), "seed")>>32 + 1
}

// rerunCommand returns the command line that runs one seed again.
func rerunCommand(cmd *cobra.Command, seed uint64) string {
	return fmt.Sprintf("%s --seed %d", commandLine(cmd, "seed", "seeds", "json", "report", "color", "verbose", "stop-at", "junit", "summary"), seed)
}

// commandLine returns the command line without some of the flags.
func commandLine(cmd *cobra.Command, without ...string) string {
	line := programName() + " " + cmd.Name()
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch v := f.Value.String(); {
		case slices.Contains(without, f.Name):
		case f.Name == "plan":
			line += " --plan " + quoted(portable(v))
		case f.NoOptDefVal == "": // it takes a value
			line += fmt.Sprintf(" --%s %s", f.Name, quoted(v))
		case v == f.NoOptDefVal:
			line += " --" + f.Name
		default:
			line += fmt.Sprintf(" --%s=%s", f.Name, quoted(v))
		}
	})
	return line
}

// hint names a run that finds each bug of a spec whose runs were all valid: most bugs
// are found by some faults only, and the default is one of many.
func (a *app) hint(s runSpec, v checker.Verdict) error {
	if s.Bug == "" || v != checker.Valid {
		return nil
	}
	bugs := strings.Split(s.Bug, ",")
	text := "\nThis bug was not found here. A run that finds it:\n"
	if len(bugs) > 1 {
		text = "\nThese bugs were not found here. Runs that find each:\n"
	}
	for _, bug := range bugs {
		f, _ := systems.FindingOf(s.System, bug) // each bug has one
		text += fmt.Sprintf("  %s %s\n", programName(), strings.Join(f.Args(s.System, bug), " "))
	}
	_, err := io.WriteString(a.out, text)
	return err
}

// show prints a run for people: a picture of all of it, then the verdict and what
// goes with it, so that what matters most is what is seen last.
func (a *app) show(page report.Run) error {
	if err := report.Picture(a.out, page, a.style); err != nil {
		return err
	}
	if _, err := io.WriteString(a.out, "\n"); err != nil {
		return err
	}
	return report.Text(a.out, page, a.style)
}

// line returns what --json prints of a run.
func (s runSpec) line(r *capsize.Result, page report.Run) (result.Result, error) {
	return result.OfRun(page, r.Exercised, r.Metrics)
}

// printJSON prints a value on a line of its own.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}

// toIndex is the address of the index of a folder of reports, on the page of one of them.
const toIndex = "../" + index.File

// index writes the index of a folder of reports. That it can't be written is said, and is no reason to fail: the runs are there.
func (a *app) index(reports string) {
	if _, err := os.Stat(reports); err != nil { // no run had a page
		return
	}
	if err := index.Update(reports); err != nil {
		fmt.Fprintf(a.err, "capsize: %v\n", err)
	}
}
