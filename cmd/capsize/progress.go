package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
)

// A progress tells how far a command is that runs many seeds: with a bar on a terminal, elsewhere with
// a line each tenth of the way.
type progress struct {
	w           io.Writer
	bar         *progressbar.ProgressBar
	done, total int
	tenth       int
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

// step counts a run, and says how things stand.
func (p *progress) step(how string) {
	p.done++
	if p.bar != nil {
		p.bar.Describe(how)
		_ = p.bar.Add(1) // a bar that can't be drawn is no reason to stop
		return
	}
	if tenth := 10 * p.done / p.total; tenth > p.tenth {
		p.tenth = tenth
		fmt.Fprintf(p.w, "%d of %d runs: %s\n", p.done, p.total, how)
	}
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
