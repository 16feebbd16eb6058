package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report"
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
	shown      *report.Run // the first run that is invalid, or else the first unknown one
	pages      []pageOf    // of the runs that are not valid
	cut        *report.Run // the run that an interrupt cut short; it does not count
}

// pageOf is where the page of a seed is.
type pageOf struct {
	seed    uint64
	verdict checker.Verdict
	path    string
}

// sweep runs the seeds one after the other: a run has the process to itself.
func (a *app) sweep(ctx context.Context, s runSpec, o runOptions) error {
	t := &tally{want: o.seeds, began: time.Now()}
	p := newProgress(a.err, o.seeds)
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
		t.add(r, page)
		if o.json {
			if err := a.printJSON(s.line(r, page)); err != nil {
				return err
			}
		}
		p.step(t.counts())
	}
	p.end()
	if !o.json {
		if err := t.print(a, s, o.all(o.seed)); err != nil {
			return err
		}
		if err := a.hint(s, t.verdict()); err != nil {
			return err
		}
	}
	if t.runs < t.want {
		fmt.Fprintf(a.err, "capsize: interrupted after %d of %s\n", t.runs, runsOf(t.want))
	}
	return outcome(t.verdict())
}

// sweepSeed runs one seed of a sweep, and writes its page if it is not valid. The run
// that will be shown in full is run again, to see whether it repeats.
func (a *app) sweepSeed(ctx context.Context, s runSpec, o runOptions, seed uint64, t *tally) (page report.Run, r *capsize.Result, err error) {
	if r, err = a.run(ctx, s, seed); err != nil {
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
	return page, r, err
}

// shows reports whether a run with that verdict would be the one that is shown in full.
func (t *tally) shows(v checker.Verdict) bool {
	return v != checker.Valid && (t.shown == nil || v > t.shown.Verdict)
}

func (t *tally) add(r *capsize.Result, page report.Run) {
	t.runs++
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
		t.pages = append(t.pages, pageOf{r.Seed, r.Verdict, page.ReportPath})
	}
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
// the counts, the pages and the command that runs the sweep again.
func (t *tally) print(a *app, s runSpec, rerun string) error {
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
	fmt.Fprintf(&b, "%s: %d of %s\n\n", a.style.Bold(s.String()), t.runs, runsOf(t.want))
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
	t.printPages(&b)
	fmt.Fprintf(&b, "\n%d calls; a fault met calls in %s, and the leader changed in %d\n", t.calls, runsOf(t.overlapped), t.changed)
	fmt.Fprintf(&b, "%v simulated in %v\n", t.virtual.Round(time.Second), time.Since(t.began).Round(10*time.Millisecond))
	fmt.Fprintf(&b, "\nTo re-run all:\n%s\n", rerun)
	_, err := io.WriteString(a.out, b.String())
	return err
}

// printPages prints where the page of each seed is that is not valid.
func (t *tally) printPages(b *strings.Builder) {
	const most = 20
	if t.cut != nil && t.cut.ReportPath != "" {
		fmt.Fprintf(b, "\ninterrupted, not counted: seed %d  %s\n", t.cut.Seed, t.cut.ReportPath)
	}
	if len(t.pages) == 0 {
		return
	}
	b.WriteString("\n")
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SEED\tVERDICT\tPAGE")
	for i, p := range t.pages {
		if i == most {
			break
		}
		fmt.Fprintf(w, "%d\t%v\t%s\n", p.seed, p.verdict, p.path)
	}
	w.Flush()
	if left := len(t.pages) - most; left > 0 {
		fmt.Fprintf(b, "… and %d more; the name of each folder has its seed\n", left)
	}
}

// runsOf counts runs.
func runsOf(n int) string {
	if n == 1 {
		return "1 run"
	}
	return fmt.Sprint(n, " runs")
}

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
