package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/internal/terminal"
)

// patience is how long a run is silent before a line says how far it is.
const patience = 2 * time.Second

// A meter says on a line of a terminal, which it overwrites, how far a single run is. It
// is silent for the first two seconds, and where there is no terminal. It reads only: what
// it says never reaches a run.
type meter struct {
	w     io.Writer
	width int // of the terminal
	began time.Time
	stop  chan struct{}
	done  chan struct{}

	mu    sync.Mutex
	last  capsize.Status
	shown bool
}

// newMeter starts a meter that writes to w if w is a terminal.
func newMeter(w io.Writer) *meter {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	columns, ok := terminal.Columns(f)
	if !ok {
		return nil
	}
	tick := time.NewTicker(200 * time.Millisecond)
	return startMeter(w, columns, time.Now(), tick.C, tick.Stop)
}

// startMeter starts a meter that writes at each tick, by the time of the tick, until it ends.
func startMeter(w io.Writer, width int, now time.Time, ticks <-chan time.Time, end func()) *meter {
	m := &meter{w: w, width: width, began: now, stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(m.done)
		defer end()
		m.live(ticks)
	}()
	return m
}

// live writes the line again and again, also while a checker takes long.
func (m *meter) live(ticks <-chan time.Time) {
	for {
		select {
		case <-m.stop:
			return
		case now := <-ticks:
			m.write(now.Sub(m.began))
		}
	}
}

func (m *meter) write(since time.Duration) {
	if since < patience {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	line := []rune(meterLine(m.last, since))
	if m.width > 1 && len(line) >= m.width { // a line that is broken could not be overwritten
		line = line[:m.width-1]
	}
	fmt.Fprint(m.w, "\r\x1b[K"+string(line))
	m.shown = true
}

// meterLine formats how far a run is: virtual time, calls, faults, and what is being checked.
func meterLine(s capsize.Status, since time.Duration) string {
	if s.Phase == "" {
		return fmt.Sprintf("starting, %v", since.Truncate(time.Second))
	}
	line := fmt.Sprintf("%v of about %v · %s calls", s.Virtual.Truncate(100*time.Millisecond), s.Expected.Truncate(time.Second), number(s.Calls))
	if s.Faults == 1 {
		line += " · 1 fault active"
	} else if s.Faults > 1 {
		line += fmt.Sprintf(" · %d faults active", s.Faults)
	}
	return fmt.Sprintf("%s · %s · %v", line, s.Phase, since.Truncate(time.Second))
}

// show takes note of how far the run is.
func (m *meter) show(s capsize.Status) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = s
}

// end clears the line.
func (m *meter) end() {
	if m == nil {
		return
	}
	close(m.stop)
	<-m.done
	if m.shown {
		fmt.Fprint(m.w, "\r\x1b[K")
	}
}
