package main

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
}

// sweep runs the seeds one after the other: a run has the process to itself.
func (a *app) sweep(ctx context.Context, s trial, o runOptions) error {
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
		p.step(t.counts())
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

// counts says how the runs came out so far.
func (t *tally) counts() string {
	return fmt.Sprintf("%d valid, %d unknown, %d invalid", len(t.seeds[checker.Valid]), len(t.seeds[checker.Unknown]), len(t.seeds[checker.Invalid]))
}

// print prints the first failure in full, and then the counts.
func (t *tally) print(a *app, s trial) error {
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
