package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"

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
}

// sweep runs the seeds one after the other: a run has the process to itself.
func (a *app) sweep(ctx context.Context, s scenario, o runOptions) error {
	t := &tally{want: o.seeds, began: time.Now()}
	p := newProgress(a.err, o.seeds)
	for i := range o.seeds {
		if ctx.Err() != nil {
			break
		}
		r, err := a.run(ctx, s, o.seed+uint64(i))
		if err != nil {
			return err
		}
		reports := o.report
		if r.Verdict == checker.Valid {
			reports = ""
		}
		page, err := s.page(r, o.rerun(r.Seed), reports)
		if err != nil {
			return err
		}
		t.add(r, page)
		if o.json {
			if err := a.printJSON(s.line(r, page)); err != nil {
				return err
			}
		}
		p.step(t)
	}
	p.end()
	if !o.json {
		if err := t.print(a, s); err != nil {
			return err
		}
	}
	if t.runs < t.want {
		fmt.Fprintf(a.err, "capsize: interrupted after %d of %d runs\n", t.runs, t.want)
	}
	return outcome(t.verdict())
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
	if r.Verdict != checker.Valid && (t.shown == nil || r.Verdict > t.shown.Verdict) {
		t.shown = &page
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

// print prints the first failure in full, and then the counts.
func (t *tally) print(a *app, s scenario) error {
	var b strings.Builder
	if t.shown != nil {
		if err := a.show(*t.shown); err != nil {
			return err
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%s: %d of %d runs\n\n", bold(s.String()), t.runs, t.want)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VERDICT\tRUNS\tSEEDS")
	for v, seeds := range t.seeds {
		// The colour comes last on the line: what is invisible would be counted as width.
		fmt.Fprintf(w, "%v\t%d\t%s\n", checker.Verdict(v), len(seeds), paintSeeds(checker.Verdict(v), seeds))
	}
	w.Flush()
	fmt.Fprintf(&b, "\n%d calls; a fault met calls in %d runs, and the leader changed in %d\n", t.calls, t.overlapped, t.changed)
	fmt.Fprintf(&b, "%v simulated in %v\n", t.virtual.Round(time.Second), time.Since(t.began).Round(10*time.Millisecond))
	_, err := io.WriteString(a.out, b.String())
	return err
}

func paintSeeds(v checker.Verdict, seeds []uint64) string {
	if len(seeds) == 0 {
		return ""
	}
	return paintVerdict(v, seedList(seeds))
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

// A progress tells how far a sweep is: with a bar on a terminal, elsewhere with
// a line each tenth of the way.
type progress struct {
	w     io.Writer
	bar   *progressbar.ProgressBar
	total int
	tenth int
}

func newProgress(w io.Writer, total int) *progress {
	p := &progress{w: w, total: total}
	if f, ok := w.(*os.File); ok && isTerminal(f) {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(w), progressbar.OptionShowCount(), progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
	}
	return p
}

func (p *progress) step(t *tally) {
	counts := fmt.Sprintf("%d valid, %d unknown, %d invalid", len(t.seeds[checker.Valid]), len(t.seeds[checker.Unknown]), len(t.seeds[checker.Invalid]))
	if p.bar != nil {
		p.bar.Describe(counts)
		_ = p.bar.Add(1) // a bar that can't be drawn is no reason to stop
		return
	}
	if tenth := 10 * t.runs / p.total; tenth > p.tenth {
		p.tenth = tenth
		fmt.Fprintf(p.w, "%d of %d runs: %s\n", t.runs, p.total, counts)
	}
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
