package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/progress"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/ci"
	"github.com/capsize-go/capsize/report/index"
	"github.com/capsize-go/capsize/report/result"
)

// A tally sums up the runs of a sweep.
type tally struct {
	want, runs int
	seeds      [3][]uint64 // by verdict
	changed    int         // runs in which the leader changed
	overlapped int         // runs in which calls overlapped a fault
	calls      int
	virtual    time.Duration
	began      time.Time
	shown      *report.Run  // the first run that is invalid, or else the first unknown one
	kept       result.Sweep // each seed, for the index
	cases      []ci.Case    // and for CI
	pages      int          // that were written
	cut        *report.Run  // the run that an interrupt cut short; it does not count
}

// sweep runs the seeds one after the other: a run has the process to itself.
func (a *app) sweep(ctx context.Context, s runSpec, o runOptions) error {
	t := &tally{want: o.seeds, began: time.Now(), kept: result.Sweep{
		Title: s.Test.Name, System: s.System, Bug: s.Bug, Workload: s.Workload, Nemesis: s.Nemesis, Wanted: o.seeds, Command: o.all(o.seed),
	}}
	p := progress.New(a.err, o.seeds)
	for i := range o.seeds {
		if ctx.Err() != nil {
			break
		}
		page, r, err := a.sweepSeed(ctx, s, o, o.seed+uint64(i), t)
		if err != nil {
			return err
		}
		if r.Stopped != nil && ctx.Err() != nil {
			t.cut = &page // it is no result of the sweep
			break
		}
		x, err := s.line(r, page)
		if err == nil && o.json {
			err = a.printJSON(x)
		}
		if err != nil {
			return err
		}
		t.add(r, page, x)
		if page.ReportPath != "" && t.pages&(t.pages-1) == 0 {
			a.index(o.report) // not after each, since that takes as long as there are runs
		}
		p.Step(t.counts())
	}
	p.End()
	if err := t.keep(o.report, o.seed); err != nil && a.lost == nil {
		a.lost = err
	}
	a.index(o.report)
	if !o.json {
		if err := t.print(a, s, o); err != nil {
			return err
		}
		if err := a.hint(s, t.verdict()); err != nil {
			return err
		}
	}
	if t.runs < t.want {
		fmt.Fprintf(a.err, "capsize: interrupted after %d of %s\n", t.runs, runsOf(t.want))
	}
	if err := a.ci(o.ci, ci.Suite{Name: "capsize run", Command: o.all(o.seed), Cases: t.cases, Missing: t.want - t.runs}); err != nil {
		return err
	}
	if a.lost != nil {
		return a.lost
	}
	return outcome(t.verdict())
}

// keep writes what is known of each seed into a folder of its own, for the index.
func (t *tally) keep(reports string, first uint64) error {
	if reports == "" || t.runs == 0 {
		return nil
	}
	k := t.kept
	id := savedrun.ID(k.Command, t.kept.Seeds)
	return k.Write(filepath.Join(reports, folderName(id, "sweep", k.System, k.Bug, k.Nemesis, seedName(first)+"+"+fmt.Sprint(k.Wanted))), time.Now())
}

// sweepSeed runs one seed of a sweep, and writes its page if it is not valid. The run
// that will be shown in full is run again, to see whether it repeats.
func (a *app) sweepSeed(ctx context.Context, s runSpec, o runOptions, seed uint64, t *tally) (page report.Run, r *capsize.Result, err error) {
	if r, err = a.runAlone(ctx, s, seed); err != nil {
		return page, nil, err
	}
	reports := o.report
	if r.Verdict == checker.Valid {
		reports = ""
	}
	var again twice
	if t.shows(r.Verdict) {
		if again, err = a.twice(ctx, s, r); err != nil {
			return page, nil, err
		}
	}
	page, err = s.page(ctx, r, o.rerun(r.Seed), reports, again)
	return page, r, a.unwritten(&page, err)
}

// shows reports whether a run with that verdict would be the one that is shown in full.
func (t *tally) shows(v checker.Verdict) bool {
	return v != checker.Valid && (t.shown == nil || v > t.shown.Verdict)
}

func (t *tally) add(r *capsize.Result, page report.Run, x result.Result) {
	t.runs++
	seed := result.Seed{Seed: r.Seed, Verdict: r.Verdict, Command: page.Rerun}
	if r.Verdict != checker.Valid {
		seed.Headline, seed.Reason, seed.Signature = x.Headline, x.Reason, x.Signature
	}
	t.cases = append(t.cases, ci.CaseOf(x))
	t.seeds[r.Verdict] = append(t.seeds[r.Verdict], r.Seed)
	t.virtual += r.Virtual
	t.calls += r.Exercised.OK + r.Exercised.Fail + r.Exercised.Info
	if r.Exercised.LeaderChanges > 0 {
		t.changed++
	}
	if r.Exercised.Overlapped > 0 {
		t.overlapped++
	}
	if t.shows(r.Verdict) {
		t.shown = &page
	}
	if page.ReportPath != "" {
		t.pages++
		seed.Folder = filepath.Base(filepath.Dir(page.ReportPath))
	}
	t.kept.Seeds = append(t.kept.Seeds, seed)
}

// verdict is the worst of all runs; a sweep that was cut short is at best unknown.
func (t *tally) verdict() checker.Verdict {
	for v := checker.Invalid; v > checker.Valid; v-- {
		if len(t.seeds[v]) > 0 {
			return v
		}
	}
	if t.runs < t.want {
		return checker.Unknown
	}
	return checker.Valid
}

// counts says how the runs came out so far.
func (t *tally) counts() string {
	return fmt.Sprintf("%d valid, %d unknown, %d invalid", len(t.seeds[checker.Valid]), len(t.seeds[checker.Unknown]), len(t.seeds[checker.Invalid]))
}

// print prints the first failure in full, or else the run that was cut short, and then
// the counts, the reasons, the pages and the commands that run the sweep and one of its seeds again.
func (t *tally) print(a *app, s runSpec, o runOptions) error {
	var b strings.Builder
	shown := t.shown
	if shown == nil {
		shown = t.cut
	}
	if shown != nil {
		if err := a.show(*shown); err != nil {
			return err
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%s\n\n", a.style.Bold(t.headline(s)))
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VERDICT\tRUNS\tSEEDS")
	for v, seeds := range t.seeds {
		if len(seeds) == 0 {
			fmt.Fprintf(w, "%v\t0\n", checker.Verdict(v))
			continue
		}
		// The colour comes last on the line: what is invisible would be counted as width.
		fmt.Fprintf(w, "%v\t%d\t%s\n", checker.Verdict(v), len(seeds), a.style.Verdict(checker.Verdict(v), seedList(seeds)))
	}
	w.Flush()
	t.printReasons(&b, a.width())
	t.printPages(&b, o.report)
	fmt.Fprintf(&b, "\n%s calls; faults overlapped calls in %d of %s; the leader changed in %d\n", number(t.calls), t.overlapped, runsOf(t.runs), t.changed)
	fmt.Fprintf(&b, "%v simulated in %v\n", t.virtual.Round(time.Second), time.Since(t.began).Round(10*time.Millisecond))
	if len(t.kept.Seeds) > 0 {
		first := t.kept.Seeds[0].Seed
		if shown != nil {
			first = shown.Seed
		}
		fmt.Fprintf(&b, "\nTo re-run one seed:\n%s\n", o.rerun(first))
	}
	fmt.Fprintf(&b, "\nTo re-run all:\n%s\n", o.all(o.seed))
	_, err := io.WriteString(a.out, b.String())
	return err
}

// headline says what was run how often, and what came out: "12 runs of register on raftkv under partition: all valid".
func (t *tally) headline(s runSpec) string {
	text := runsOf(t.runs)
	if t.runs < t.want {
		text = fmt.Sprintf("%d of %s", t.runs, runsOf(t.want))
	}
	text += " of " + s.Test.Name
	if s.Bug != "" {
		text += " with bug " + s.Bug
	}
	if s.Nemesis == "none" {
		text += " without faults"
	} else {
		text += " under " + s.Nemesis
	}
	if t.runs == 0 {
		return text
	}
	for v, seeds := range t.seeds {
		if len(seeds) == t.runs {
			return fmt.Sprintf("%s: all %v", text, checker.Verdict(v))
		}
	}
	return text + ": " + t.counts()
}

// printReasons prints for what reasons runs are not valid, and how many each.
func (t *tally) printReasons(b *strings.Builder, width int) {
	const most = 10
	groups := index.GroupSeeds(t.kept)
	if len(groups) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", plural(len(groups), "reason"))
	for i, g := range groups {
		if i == most {
			fmt.Fprintf(b, "… and %d more\n", len(groups)-most)
			break
		}
		var seeds []uint64
		for _, m := range g.Members {
			seeds = append(seeds, m.Seed)
		}
		writeWrapped(b, fmt.Sprintf("  %d × ", len(g.Members)), fmt.Sprintf("%s, as in seed %d: %s", g.Headline, seeds[0], report.Clean(g.Reason, 400)), width)
	}
}

// printPages prints where the page of each seed is that is not valid, and the index of all.
func (t *tally) printPages(b *strings.Builder, reports string) {
	const most = 20
	if t.cut != nil && t.cut.ReportPath != "" {
		fmt.Fprintf(b, "\ninterrupted, not counted: seed %d  %s\n", t.cut.Seed, t.cut.ReportPath)
	}
	if reports == "" {
		return
	}
	b.WriteString("\n")
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	n := 0
	for _, x := range t.kept.Seeds {
		if x.Folder == "" {
			continue
		}
		if n++; n == 1 {
			fmt.Fprintln(w, "SEED\tVERDICT\tPAGE")
		}
		if n <= most {
			fmt.Fprintf(w, "%d\t%v\t%s\n", x.Seed, x.Verdict, filepath.Join(reports, x.Folder, index.File))
		}
	}
	w.Flush()
	if n > most {
		fmt.Fprintf(b, "… and %d more; the index has them all\n", n-most)
	}
	fmt.Fprintf(b, "index: %s\n", filepath.Join(reports, index.File))
}

// runsOf counts runs.
func runsOf(n int) string { return plural(n, "run") }

// seedList lists seeds, those in a row as a range, and not too many.
func seedList(seeds []uint64) string {
	const most = 12
	var parts []string
	for i := 0; i < len(seeds); {
		j := i
		for j+1 < len(seeds) && seeds[j+1] == seeds[j]+1 {
			j++
		}
		switch {
		case len(parts) == most:
			return strings.Join(append(parts, fmt.Sprintf("… and %d more", len(seeds)-i)), " ")
		case j == i:
			parts = append(parts, fmt.Sprint(seeds[i]))
		default:
			parts = append(parts, fmt.Sprintf("%d–%d", seeds[i], seeds[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, " ")
}
