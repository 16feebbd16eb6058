package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// ErrStopped is why a run was cut short that reached its breakpoint.
var ErrStopped = errors.New("stopped at the instant that was asked for")

// A breakpoint is the state of a run's breakpoint.
type breakpoint struct {
	reached  atomic.Bool
	halted   atomic.Bool // the run ends here: nothing more is recorded
	waiting  atomic.Bool
	resume   chan struct{} // closed when the run is to go on; made outside of the bubble
	snapshot string        // written before reached is set
}

// stopAt schedules the breakpoint.
func (e *engine) stopAt(w *cluster.Cluster) {
	at := e.config.StopAt
	if at <= 0 {
		return
	}
	w.At(at, "", func() {
		e.breakpoint.snapshot = e.snapshot(w)
		e.breakpoint.reached.Store(true)
		if !e.config.Wait {
			e.stop(fmt.Errorf("%w: %v", ErrStopped, at))
			e.breakpoint.halted.Store(true)
			return
		}
		// The channel does not belong to the bubble, so virtual time stands still here.
		e.breakpoint.waiting.Store(true)
		<-e.breakpoint.resume
	})
}

// wait has a run that waits for a debugger go on at Enter, at SIGCONT, when a debugger
// that was attached lets the process run, or when ctx is done. It is called outside of the
// bubble.
func (h *breakpoint) wait(ctx context.Context, at time.Duration) {
	resume := make(chan os.Signal, 1)
	signal.Notify(resume, resumeSignals...)
	defer signal.Stop(resume)
	fmt.Fprintf(os.Stderr, "%s\ncapsize: waiting at %v of virtual time, pid %d. Attach a debugger, set breakpoints, and continue:\n"+
		"  dlv attach %[3]d\nWithout one: press Enter, or run kill -CONT %[3]d\n", h.snapshot, at, os.Getpid())
	enter := make(chan struct{})
	go func() {
		if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err == nil {
			close(enter)
		}
	}()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for attached := 0; attached < 3; { // a debugger stops threads one by one: let it finish
		select {
		case <-resume:
			attached = 3
		case <-enter:
			attached = 3
		case <-ctx.Done():
			attached = 3
		case <-tick.C:
			if traced() {
				attached++
			}
		}
	}
	h.waiting.Store(false)
	close(h.resume)
}

// traced reports whether a debugger is attached to this process, where the operating system says so.
func traced() bool {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	_, rest, ok := strings.Cut(string(b), "TracerPid:")
	pid, _, _ := strings.Cut(rest, "\n")
	return ok && strings.TrimSpace(pid) != "0"
}
