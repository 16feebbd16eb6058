package huntcli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/internal/cli"
	"github.com/capsize-go/capsize/internal/hunt/campaign"
)

// defaultDir is where a campaign is kept unless the flag says otherwise.
const defaultDir = "capsize-hunt"

// A hunting is one invocation of the command.
type hunting struct {
	cli.Console
	catalog catalogOptions
	tests   testOptions

	into      string
	seed      uint64
	seeds     uint64
	limit     time.Duration
	workers   int
	shard     string
	shards    int
	cpu       time.Duration
	json      bool
	exclusive bool // no other process reads
	zero      bool // exit with 0 whatever was found
	code      bool // of list: exit with 1 if something was found
}

const help = `Hunt runs many seeds in worker processes, one a core, and keeps the results in a folder: a campaign. Failures are grouped by
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
	f.BoolVar(&h.exclusive, "exclusive", false, "let no other process read the campaign meanwhile, as network file systems need it")
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

// run runs a campaign, and ends with its outcome.
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
	access := campaign.Shared
	if h.exclusive {
		access = campaign.Exclusive
	}
	c, err := campaign.Open(ctx, h.into, suite.settings, suite.targets, shard, access)
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
	for _, n := range h.catalog.nemeses {
		if warning := systems.DiskWarning(n); warning != "" {
			fmt.Fprintf(h.Err, "capsize: %s\n", warning)
		}
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
	x := &hunter{Console: h.Console, suite: s, c: c, work: work, cpu: h.cpu, limit: h.limit, plan: newPlan(h.workers), lightest: map[string]int{}, asked: map[string]bool{}}
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
