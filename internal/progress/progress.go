// Package progress says how far a command is that runs many seeds: with a bar on a terminal, elsewhere with a line each tenth
// of the way. It is a few lines of ours because the library for bars needs net/http, which doubles the time of a first build.
package progress

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/capsize-go/capsize/internal/terminal"
)

// A Progress is that of one command.
type Progress struct {
	w           io.Writer
	bar         bool // w is a terminal
	began, last time.Time
	done, total int
	tenth       int
}

// width is how many cells the bar of a progress has.
const width = 30

// New returns the progress of a command that makes a given number of runs.
func New(w io.Writer, total int) *Progress {
	return &Progress{w: w, total: max(total, 1), bar: terminal.Is(w), began: time.Now()}
}

// Step counts a run, and says how things stand.
func (p *Progress) Step(how string) {
	p.done++
	p.show(how)
}

// Done returns how many runs were counted.
func (p *Progress) Done() int { return p.done }

// Expect changes how many runs there will be, as where a budget of time decides it.
func (p *Progress) Expect(total int) { p.total = max(total, p.done, 1) }

// show writes the bar, at most ten times a second, or the line of a tenth of the way.
func (p *Progress) show(how string) {
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
func (p *Progress) line(how string, since time.Duration) string {
	full := min(width, width*p.done/p.total)
	left := time.Duration(float64(since) / float64(max(p.done, 1)) * float64(max(p.total-p.done, 0))).Truncate(time.Second)
	return fmt.Sprintf("[%s%s] %d of %d, %v left: %s", strings.Repeat("█", full), strings.Repeat(" ", width-full), p.done, p.total, left, how)
}

// End clears the bar.
func (p *Progress) End() {
	if p.bar {
		_, _ = fmt.Fprint(p.w, "\r\x1b[K")
	}
}
