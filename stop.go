package capsize

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

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
)

// A Breakpoint stops a run at an instant of virtual time, so that one can look what its
// goroutines do there. A run that was stopped is unknown: nothing judges half a history.
type Breakpoint struct {
	At   time.Duration // since the run began, as in histories and logs; 0: nowhere
	Wait bool          // wait there for a debugger, and go on after it
}

// ParseBreakpoint reads "22.4s", or "22.4s,wait". The error says what is wrong.
func ParseBreakpoint(text string) (b Breakpoint, err error) {
	at, wait, comma := strings.Cut(text, ",")
	if b.At, err = time.ParseDuration(at); err != nil {
		return b, fmt.Errorf("the instant to stop at: %w", err)
	}
	if b.At <= 0 {
		return b, fmt.Errorf("the instant to stop at is %v, and must be more than 0", b.At)
	}
	if b.Wait = comma; comma && wait != "wait" {
		return b, fmt.Errorf(`after the instant to stop at stands %q; only "wait" is known`, wait)
	}
	return b, nil
}

// String formats the breakpoint as [ParseBreakpoint] reads it.
func (b Breakpoint) String() string {
	switch {
	case b.At == 0:
		return ""
	case b.Wait:
		return b.At.String() + ",wait"
	}
	return b.At.String()
}

// errStopped is why a run was cut short that reached its breakpoint.
var errStopped = errors.New("stopped at the instant that was asked for")

// A hold is the state of a run's breakpoint.
type hold struct {
	reached  atomic.Bool
	halted   atomic.Bool // the run ends here: nothing more is recorded
	waiting  atomic.Bool
	goOn     chan struct{} // closed when the run is to go on; made outside of the bubble
	snapshot string        // written before reached is set
}

// stopAt schedules the breakpoint.
func (e *engine) stopAt(w *cluster.Cluster) {
	b := e.test.StopAt
	if b.At <= 0 {
		return
	}
	w.At(b.At, "", func() {
		e.hold.snapshot = e.lookAround(w)
		e.hold.reached.Store(true)
		if !b.Wait {
			e.stop(fmt.Errorf("%w: %v", errStopped, b.At))
			e.hold.halted.Store(true)
			return
		}
		// The channel does not belong to the bubble, so virtual time stands still here.
		e.hold.waiting.Store(true)
		<-e.hold.goOn
	})
}

// wait has a run that waits for a debugger go on at Enter, at SIGCONT, when a debugger
// that was attached lets the process run, or when ctx is done. It is called outside of the
// bubble.
func (h *hold) wait(ctx context.Context, at time.Duration) {
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
	close(h.goOn)
}

// traced reports whether a debugger is attached to this process, where the system tells.
func traced() bool {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	_, rest, ok := strings.Cut(string(b), "TracerPid:")
	pid, _, _ := strings.Cut(rest, "\n")
	return ok && strings.TrimSpace(pid) != "0"
}

// checkStopped keeps a run from being valid that was stopped, or was to be stopped.
func checkStopped(r *Result) (c checker.Result, ok bool) {
	b := r.Test.StopAt
	c = checker.Result{Checker: "stopped", Verdict: checker.Unknown}
	switch {
	case b.At <= 0:
		return c, false
	case errors.Is(r.Stopped, errStopped):
		c.Reason = fmt.Sprintf("the run was stopped at %v, as asked; nothing was judged", b.At)
	case r.held:
		c.Reason = fmt.Sprintf("the run waited at %v for a debugger, which may have changed it", b.At)
	default:
		c.Reason = fmt.Sprintf("the run ended at %v, before %v, where it was to stop", r.Virtual, b.At)
	}
	return c, true
}
