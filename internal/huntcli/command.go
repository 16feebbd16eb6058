package huntcli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/cli"
	"github.com/capsize-go/capsize/internal/hunt/campaign"
	"github.com/capsize-go/capsize/internal/hunt/overview"
	"github.com/capsize-go/capsize/internal/huntrun"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/report"
)

// defaultDir is where a campaign is kept unless the flag says otherwise.
const defaultDir = "capsize-hunt"

// A hunting is one invocation of the command.
type hunting struct {
	cli.Console
	catalog catalogOptions
	tests   testOptions

	into    string
	seed    uint64
	seeds   uint64
	limit   time.Duration
	workers int
	shard   string
	shards  int
	cpu     time.Duration
	json    bool
	zero    bool // exit with 0 whatever was found
	code    bool // of list: exit with 1 if something was found
}

const help = `Hunt runs many seeds in worker processes, one a core, and keeps what comes of each in a folder: a campaign. Failures are grouped by
signature (which rule was broken, how, and by which kind of call), and for each signature the smallest reproduction is looked for, with a page
that shows it. A campaign that was cut short, also by a kill, goes on when the same command is given again.

Without packages it runs the systems of capsize run: every system, each with its workloads and every preset of faults, unless flags
name some. With packages it runs the Go tests in them that call capsize.Run, all seeds and not only those up to the first failure.

Of several shards each runs a part of the seeds. Which one this is, is also read from JOB_COMPLETION_INDEX (Kubernetes Indexed Jobs),
SLURM_ARRAY_TASK_ID and CI_NODE_INDEX; each has a folder of its own in the one that --into names, and capsize hunt merge joins them.

Exit codes: 0 nothing found, 1 something invalid, or a worker died, 2 nothing but unknown, or interrupted, 3 usage or harness error.`

// newCommand makes the command hunt.
func newCommand(c cli.Console) *cobra.Command {
	h := &hunting{Console: c}
	cmd := &cobra.Command{
		Use:   "hunt [packages]",
		Short: "Run many seeds on all cores, group failures by signature, and make each small",
		Long:  help,
		Example: `  capsize hunt --for 10m                                  # all systems, for ten minutes
  capsize hunt --system raftkv --bug each --seeds 100     # each bug of a system, under each preset
  capsize hunt ./store -run TestStore --seeds 10000       # a Go test
  capsize hunt ./store -run TestStore --det --for 1h      # with the deterministic runtime: schedules are swept too
  capsize hunt --seeds 100000 --shard 3/8 --into campaign # one of eight parts, as on another machine
  capsize hunt merge campaign/shard-* --into whole        # the parts together
  capsize hunt stats                                      # how many seeds it takes to find a failure
  capsize hunt list                                       # the signatures that were found
  capsize hunt show 1f3c                                  # the smallest reproduction of one`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, packages []string) error { return h.run(cmd, packages) },
	}
	cmd.PersistentFlags().SortFlags = false
	cmd.PersistentFlags().StringVar(&h.into, "into", defaultDir, "folder of the campaign")
	cmd.PersistentFlags().BoolVar(&h.json, "json", false, "print JSON and nothing else")
	f := cmd.Flags()
	f.SortFlags = false
	f.Uint64Var(&h.seeds, "seeds", 0, "how many seeds of each target, of all shards together; default: 100, or with --for as many as it allows")
	f.DurationVar(&h.limit, "for", 0, "how long to run seeds, in time of the clock; it decides no verdict")
	f.Uint64Var(&h.seed, "seed", 1, "the first seed of each target")
	f.IntVar(&h.workers, "workers", runtime.NumCPU(), "how many worker processes; default: one a core")
	f.StringVar(&h.shard, "shard", "", "which part of the seeds this is, and of how many, as 3/8; default: what the environment says, or all")
	f.IntVar(&h.shards, "shards", 0, "how many shards there are, where the environment says only which one this is")
	f.DurationVar(&h.cpu, "shrink", 10*time.Second, "processor time for the smallest reproduction of each signature; 0: the first failure is kept as it is")
	f.BoolVar(&h.zero, "exit-zero", false, "exit with 0 whatever was found, for engines that take other codes for a failed attempt; 2 is interrupted then")
	h.catalog.flags(f)
	h.tests.flags(f)
	cmd.AddCommand(h.statsCommand(), h.listCommand(), h.showCommand(), h.mergeCommand())
	return cmd
}

// check refuses flags that make no sense, or not together.
func (h *hunting) check(cmd *cobra.Command, packages []string) error {
	given := func(flags []string) (all []string) {
		for _, name := range flags {
			if cmd.Flags().Changed(name) {
				all = append(all, "--"+name)
			}
		}
		return all
	}
	wrong := given(catalogFlags)
	switch {
	case len(packages) > 0 && len(wrong) > 0:
		return fmt.Errorf("%s: of the systems of the catalog; a Go test says itself what it runs", strings.Join(wrong, ", "))
	case len(packages) == 0 && len(given(testFlags)) > 0:
		return errNoPackages
	case cmd.Flags().Changed("seeds") && h.seeds == 0:
		return errors.New("--seeds must be at least 1")
	case h.limit < 0 || cmd.Flags().Changed("for") && h.limit == 0:
		return errors.New("--for must be more than 0")
	case h.workers < 1:
		return errors.New("--workers must be at least 1")
	case h.cpu < 0:
		return errors.New("--shrink must be 0 or more")
	case h.seed == 0 || h.seed > 1<<62 || h.seeds > 1<<62:
		return errors.New("--seed must be from 1 to 2^62, and --seeds at most that")
	}
	if h.seeds == 0 && h.limit == 0 {
		h.seeds = 100
	}
	return h.catalog.check()
}

// run runs a campaign, and ends with what came of it.
func (h *hunting) run(cmd *cobra.Command, packages []string) error {
	ctx := cmd.Context()
	if err := h.check(cmd, packages); err != nil {
		return err
	}
	shard, err := shardOf(h.shard, h.shards, fromEnvironment)
	if err != nil {
		return err
	}
	if shard != campaign.Whole {
		h.into = filepath.Join(h.into, fmt.Sprintf("shard-%d-of-%d", shard.Number, shard.Count))
	}
	suite, err := h.suite(ctx, packages)
	if err != nil {
		return err
	}
	if suite.remove != nil {
		defer suite.remove()
	}
	suite.settings["first seed"] = fmt.Sprint(h.seed)
	if err := ignored(h.into, cmd.Flags().Changed("into")); err != nil {
		return err
	}
	c, err := campaign.Open(ctx, h.into, suite.settings, suite.targets, shard)
	if err != nil {
		return err
	}
	ended, err := h.campaign(ctx, c, suite, shard)
	if err == nil {
		err = h.summary(context.WithoutCancel(ctx), c, ended)
	}
	if closed := c.Close(); closed != nil {
		return errors.Join(err, closed)
	}
	return err
}

// suite returns what is run.
func (h *hunting) suite(ctx context.Context, packages []string) (suite, error) {
	if len(packages) > 0 {
		return h.tests.workers(ctx, h.Err, packages)
	}
	return h.catalog.workers(h.Program())
}

// ignored has git ignore the default folder.
func ignored(dir string, named bool) error {
	if named {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("campaign folder %s can't be made: %w", dir, err)
	}
	file := filepath.Join(dir, ".gitignore")
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	if err := os.WriteFile(file, []byte("*\n"), 0o644); err != nil {
		return fmt.Errorf("campaign folder %s can't be written: %w", dir, err)
	}
	return nil
}

// An ending is how a hunt ended.
type ending struct {
	runs, wanted int
	interrupted  bool
	took         time.Duration
}

// campaign runs what a campaign does not have yet.
func (h *hunting) campaign(ctx context.Context, c *campaign.Campaign, s suite, shard campaign.Shard) (e ending, err error) {
	for _, n := range c.Notes {
		fmt.Fprintf(h.Err, "capsize: %s\n", n)
	}
	for _, v := range c.Versions() {
		if v.Build != s.build {
			fmt.Fprintf(h.Err, "capsize: %s has runs of another build of the code too; for a campaign of this one alone give another folder (--into)\n", filepath.Join(c.Dir(), campaign.File))
			break
		}
	}
	work, err := filepath.Abs(filepath.Join(c.Dir(), ".work"))
	if err != nil {
		return e, fmt.Errorf("folder of the campaign: %w", err)
	}
	if err := os.RemoveAll(work); err != nil { // what a hunt left that was killed
		return e, fmt.Errorf("folder of the campaign: %w", err)
	}
	defer os.RemoveAll(work)
	x := &hunter{Console: h.Console, suite: s, c: c, work: work, cpu: h.cpu, limit: h.limit, plan: newPlan(h.workers), signatures: map[string]bool{}, asked: map[string]bool{}}
	for _, t := range s.targets {
		done, err := c.Done(ctx, t)
		if err != nil {
			return e, err
		}
		x.plan.add(&cursor{target: t, first: h.seed, seeds: h.seeds, shard: shard, done: done, given: len(done)})
	}
	x.total, _ = x.plan.left()
	if err := x.queueSmall(ctx); err != nil {
		return e, err
	}
	began := time.Now()
	err = x.hunt(ctx, h.workers)
	e = ending{runs: x.runs, wanted: x.total, interrupted: x.interrupted, took: time.Since(began)}
	return e, errors.Join(err, x.writePage(context.WithoutCancel(ctx), true))
}

// summary prints what the campaign has, and returns the outcome of the command.
func (h *hunting) summary(ctx context.Context, c *campaign.Campaign, e ending) error {
	x, err := h.describe(ctx, c)
	if err != nil {
		return err
	}
	if h.json {
		err = printJSON(h.Out, x)
	} else {
		err = h.printSummary(x, e)
	}
	if err != nil {
		return err
	}
	switch {
	case h.zero && e.interrupted:
		return h.Outcome(checker.Unknown)
	case h.zero:
		return nil
	}
	return h.outcome(x, e.interrupted)
}

// outcome is the error that ends a command with the exit code of what was found.
func (h *hunting) outcome(x summaryLine, interrupted bool) error {
	switch {
	case x.Invalid+x.Died > 0:
		return h.Outcome(checker.Invalid)
	case x.Unknown > 0 || interrupted:
		return h.Outcome(checker.Unknown)
	}
	return nil
}

// A summaryLine is what hunt and hunt list print with --json.
type summaryLine struct {
	Campaign   string          `json:"campaign"` // folder
	Page       string          `json:"page"`
	Targets    int             `json:"targets"`
	Runs       int             `json:"runs"`
	Valid      int             `json:"valid"`
	Unknown    int             `json:"unknown"`
	Invalid    int             `json:"invalid"`
	Died       int             `json:"died"`
	CPU        time.Duration   `json:"cpu_ns"`
	Virtual    time.Duration   `json:"virtual_ns"`
	Signatures []signatureLine `json:"signatures"`
}

// A signatureLine is one signature, as hunt show prints it with --json.
type signatureLine struct {
	ID        string            `json:"id"`
	Subject   string            `json:"subject"`
	Verdict   string            `json:"verdict"`
	Signature huntrun.Signature `json:"signature"`
	Count     int               `json:"count"`
	Targets   []string          `json:"targets"`
	Seeds     []uint64          `json:"seeds"` // the first of them, the easiest to read at the front
	Reason    string            `json:"reason"`
	Schedule  string            `json:"schedule,omitempty"`
	Smallest  *huntrun.Smallest `json:"smallest"` // null if none was made
	Page      string            `json:"page"`     // path; empty if there is none
}

func (h *hunting) lineOf(g campaign.Group) signatureLine {
	l := signatureLine{
		ID: g.ID, Subject: g.Subject, Verdict: g.Verdict, Signature: g.Signature, Count: g.Count, Targets: g.Targets, Seeds: g.Seeds,
		Reason: g.First.Run.Reason, Schedule: g.First.Run.Schedule, Smallest: g.Smallest,
	}
	if p := g.Page(); p != "" {
		l.Page = filepath.Join(h.into, filepath.FromSlash(p))
	}
	return l
}

// describe sums up a campaign.
func (h *hunting) describe(ctx context.Context, c *campaign.Campaign) (x summaryLine, err error) {
	counts, err := c.Counts(ctx)
	if err != nil {
		return x, err
	}
	groups, err := c.Groups(ctx)
	if err != nil {
		return x, err
	}
	x = summaryLine{Campaign: h.into, Page: filepath.Join(h.into, overview.File), Targets: len(counts), Signatures: []signatureLine{}}
	for _, n := range counts {
		x.Runs, x.Valid, x.Unknown, x.Invalid, x.Died = x.Runs+n.Runs(), x.Valid+n.Valid, x.Unknown+n.Unknown, x.Invalid+n.Invalid, x.Died+n.Died
		x.CPU, x.Virtual = x.CPU+n.CPU, x.Virtual+n.Virtual
	}
	for _, g := range groups {
		x.Signatures = append(x.Signatures, h.lineOf(g))
	}
	return x, nil
}

func (h *hunting) printSummary(x summaryLine, e ending) error {
	var b strings.Builder
	if e.interrupted {
		of := ""
		if e.wanted > 0 {
			of = " of " + words.Count(e.wanted)
		}
		fmt.Fprintf(&b, "Interrupted after %s%s runs. Give the same command again to go on.\n\n", words.Count(e.runs), of)
	}
	fmt.Fprintf(&b, "%s\n", h.Style().Bold(x.headline()))
	fmt.Fprintf(&b, "%v simulated in %v of processor time; this time %s in %v\n", x.Virtual.Round(time.Second), x.CPU.Round(100*time.Millisecond), words.Plural(e.runs, "run"), e.took.Round(100*time.Millisecond))
	if err := h.printSignatures(&b, x.Signatures); err != nil {
		return err
	}
	if len(x.Signatures) > 0 {
		fmt.Fprintf(&b, "\nTo see one:\n%s hunt show %s%s\n", h.Program(), x.Signatures[0].ID, h.where())
	}
	fmt.Fprintf(&b, "\npage: %s\n", x.Page)
	_, err := io.WriteString(h.Out, b.String())
	return err
}

// where returns the flag that names the campaign's folder, if it is not the default.
func (h *hunting) where() string {
	if h.into == defaultDir {
		return ""
	}
	return " --into " + h.Quoted(h.into)
}

// headline says what was run, and what came of it.
func (x summaryLine) headline() string {
	text := fmt.Sprintf("%s of %s: ", plural(x.Runs, "run"), plural(x.Targets, "target"))
	if x.Runs == x.Valid {
		return text + "all valid"
	}
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{x.Invalid, "invalid"}, {x.Died, "died"}, {x.Unknown, "unknown"}, {x.Valid, "valid"}} {
		if p.n > 0 {
			parts = append(parts, words.Count(p.n)+" "+p.what)
		}
	}
	return text + strings.Join(parts, ", ") + "; " + plural(len(x.Signatures), "signature")
}

// printSignatures prints a table of signatures.
func (h *hunting) printSignatures(b *strings.Builder, all []signatureLine) error {
	if len(all) == 0 {
		return nil
	}
	b.WriteString("\n")
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SIGNATURE\tRUNS\tSMALLEST\tOF\tFAILURE")
	for _, s := range all {
		small := "not made"
		if s.Smallest != nil {
			small = overview.Sizes(*s.Smallest)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.ID, words.Count(s.Count), small, report.Clean(s.Subject, 80), report.Clean(s.Signature.String(), 160))
	}
	return w.Flush()
}

// read calls f with the campaign of the folder.
func (h *hunting) read(ctx context.Context, f func(*campaign.Campaign) error) error {
	c, err := campaign.Read(ctx, h.into)
	if err != nil {
		return err
	}
	return errors.Join(f(c), c.Close())
}

func (h *hunting) listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the signatures that a campaign has found",
		Long:    "List shows the failures of a campaign by signature, those that were met most often first. It may be used while the hunt goes on.",
		Example: "  capsize hunt list\n  capsize hunt list --into campaign --exit-code",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return h.read(cmd.Context(), func(c *campaign.Campaign) error {
				x, err := h.describe(cmd.Context(), c)
				if err != nil {
					return err
				}
				var outcome error
				if h.code {
					outcome = h.outcome(x, false)
				}
				if h.json {
					return errors.Join(printJSON(h.Out, x), outcome)
				}
				var b strings.Builder
				fmt.Fprintf(&b, "%s\n", h.Style().Bold(x.headline()))
				if err := h.printSignatures(&b, x.Signatures); err != nil {
					return err
				}
				_, err = io.WriteString(h.Out, b.String())
				return errors.Join(err, outcome)
			})
		},
	}
	cmd.Flags().BoolVar(&h.code, "exit-code", false, "exit as the hunt did: 1 if something was found, 2 if nothing but unknown")
	return cmd
}

func (h *hunting) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show SIGNATURE",
		Short: "Show the smallest reproduction of a signature, and its command",
		Long: `Show prints what a campaign knows of the failures with one signature, which is named by the first digits that hunt list prints: how often
and where it was met, the smallest reproduction with what happened in it, its page, and the command that runs its seed again.`,
		Example: "  capsize hunt show 1f3c",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("hunt show takes one SIGNATURE, not %d; see capsize hunt show --help", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.read(cmd.Context(), func(c *campaign.Campaign) error {
				g, err := c.Find(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if h.json {
					return printJSON(h.Out, h.lineOf(g))
				}
				_, err = io.WriteString(h.Out, h.textOf(g))
				return err
			})
		},
	}
}

// textOf formats a group for people: the failure, and then what is known of all of them.
func (h *hunting) textOf(g campaign.Group) string {
	var b strings.Builder
	style := h.Style()
	s := g.Smallest
	if s != nil {
		b.WriteString(strings.TrimRight(s.Text, "\n") + "\n\n")
	}
	fmt.Fprintf(&b, "%s\n", style.Bold(report.Clean(g.Signature.String(), 400)))
	fmt.Fprintf(&b, "signature  %s, %s in %s\n", g.ID, plural(g.Count, "run"), report.Clean(strings.Join(g.Targets, "; "), 400))
	fmt.Fprintf(&b, "seeds      %s\n", overview.Seeds(g.Seeds, g.Count, 12))
	if g.First.Run.Schedule != "" {
		fmt.Fprintf(&b, "schedule   %s of seed %d, %s\n", g.First.Run.Schedule, g.First.Run.Seed, g.First.Version.Runtime)
	}
	if s == nil {
		fmt.Fprintf(&b, "reason     %s\n", report.Clean(g.First.Run.Reason, 600))
		if g.First.Run.Output != "" {
			fmt.Fprintf(&b, "\nThe last lines of the process:\n%s\n", strings.TrimSpace(g.First.Run.Output))
		}
		return b.String()
	}
	fmt.Fprintf(&b, "smallest   %s, %s\n", overview.Sizes(*s), overview.How(*s))
	for i, n := range s.Notes {
		head := "needed"
		if i > 0 {
			head = ""
		}
		fmt.Fprintf(&b, "%-10s %s\n", head, report.Clean(n, 200))
	}
	fmt.Fprintf(&b, "repeats    %s\n", s.Repeats)
	if p := g.Page(); p != "" {
		fmt.Fprintf(&b, "page       %s\n", filepath.Join(h.into, filepath.FromSlash(p)))
	}
	fmt.Fprintf(&b, "\nTo run the whole seed again:\n%s\n", s.Command)
	return b.String()
}

func (h *hunting) mergeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "merge DIR…",
		Short: "Join the shards of a campaign",
		Long: `Merge puts the runs, failures and pages of the campaigns in some folders into that of --into, which is made if it is not there. They must have
been made with the same settings. A run that is there already is left as it is, so merging again, or adding a shard later, does no harm.`,
		Example: "  capsize hunt merge campaign/shard-* --into whole",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("hunt merge takes the folders of the shards; see capsize hunt merge --help")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("into") {
				return errors.New("hunt merge needs --into, the folder of the campaign that all are joined in")
			}
			added, err := campaign.Merge(cmd.Context(), h.into, args...)
			if err != nil {
				return err
			}
			return h.read(cmd.Context(), func(c *campaign.Campaign) error {
				if err := overview.Write(cmd.Context(), c); err != nil {
					return err
				}
				x, err := h.describe(cmd.Context(), c)
				if err != nil {
					return err
				}
				if h.json {
					return printJSON(h.Out, x)
				}
				_, err = fmt.Fprintf(h.Out, "%s, %s of them new\npage: %s\n", x.headline(), words.Count(added), x.Page)
				return err
			})
		},
	}
}

// noArgs refuses what is not a flag.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("hunt %s takes flags only, not %q", cmd.Name(), args[0])
	}
	return nil
}
