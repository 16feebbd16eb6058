package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/capsize-go/capsize"
)

// patience is how long a run is silent before a line says how far it is.
const patience = 2 * time.Second

// A meter says on a line of a terminal, which it overwrites, how far a single run is. It
// is silent for the first two seconds, and where there is no terminal. It reads only: what
// it says never reaches a run.
type meter struct {
	w     io.Writer
	began time.Time
	stop  chan struct{}
	done  chan struct{}

	mu    sync.Mutex
	last  capsize.Status
	shown bool
}

// newMeter starts a meter that writes to w if w is a terminal.
func newMeter(w io.Writer) *meter {
	if !isTerminal(w) {
		return nil
	}
	m := &meter{w: w, began: time.Now(), stop: make(chan struct{}), done: make(chan struct{})}
	go m.live()
	return m
}

// live writes the line again and again, also while a checker takes long.
func (m *meter) live() {
	defer close(m.done)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-m.stop:
			return
		case now := <-tick.C:
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
	fmt.Fprint(m.w, "\r\x1b[K"+meterLine(m.last, since))
	m.shown = true
}

// meterLine formats how far a run is: virtual time, calls, faults, and what is being checked.
func meterLine(s capsize.Status, since time.Duration) string {
	if s.Phase == "" {
		return fmt.Sprintf("starting, %v", since.Truncate(time.Second))
	}
	line := fmt.Sprintf("%v of about %v · %d calls", s.Virtual.Truncate(100*time.Millisecond), s.Expected.Truncate(time.Second), s.Calls)
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
