package cli

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// A progress says how far a command is that runs many seeds: with a bar on a terminal, elsewhere with
// a line each tenth of the way. It is a few lines of ours because the library for bars needs net/http, which
// doubles the time of a first build.
type progress struct {
	w           io.Writer
	bar         bool // w is a terminal
	began, last time.Time
	done, total int
	tenth       int
	many        bool // it is of many scenarios
}

// name names a run by its scenario, if there are many, and its variant.
func (p *progress) name(scenario, variant string) string {
	if p.many {
		return scenario + ": " + variant
	}
	return variant
}

// barWidth is how many cells the bar of a progress has.
const barWidth = 30

func newProgress(w io.Writer, total int) *progress {
	return &progress{w: w, total: max(total, 1), bar: isTerminal(w), began: time.Now()}
}

// step counts a run, and says how things stand.
func (p *progress) step(how string) {
	p.done++
	if p.bar {
		if now := time.Now(); now.Sub(p.last) >= 100*time.Millisecond {
			p.last = now
			_, _ = fmt.Fprint(p.w, "\r\x1b[K"+p.line(how, now.Sub(p.began))) // a bar that can't be drawn is no reason to stop
		}
		return
	}
	if tenth := 10 * p.done / p.total; tenth > p.tenth {
		p.tenth = tenth
		fmt.Fprintf(p.w, "%d of %d runs: %s\n", p.done, p.total, how)
	}
}

// line draws the bar: how much is done, and how long the rest takes at this pace.
func (p *progress) line(how string, since time.Duration) string {
	full := barWidth * p.done / p.total
	left := time.Duration(float64(since) / float64(p.done) * float64(p.total-p.done)).Truncate(time.Second)
	return fmt.Sprintf("[%s%s] %d of %d, %v left: %s", strings.Repeat("█", full), strings.Repeat(" ", barWidth-full), p.done, p.total, left, how)
}

func (p *progress) end() {
	if p.bar {
		_, _ = fmt.Fprint(p.w, "\r\x1b[K")
	}
}
