// Package turn has runs take turns: virtual time, the schedule and crypto/rand belong to one run of a process.
package turn

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize/internal/bubble"
)

// turns has room for the one run that can be under way in a process: virtual time and
// crypto/rand belong to it. Other runs wait until it has ended.
var turns = make(chan struct{}, 1)

// lastMoment is how long before the end of go test -timeout a run stops waiting for
// another, so that the test can still say what it waited for.
const lastMoment = time.Second

// Take waits until no other run is under way in the process, and returns what
// ends the turn. It gives up when ctx is done, and shortly before t's deadline, unless t is nil.
func Take(ctx context.Context, t *testing.T) (end func(), err error) {
	if bubble.Inside() {
		return nil, errors.New("a run was started in a synctest bubble: a system, a workload or a test under testing/synctest can't start another run; start it outside")
	}
	end = func() { <-turns }
	select {
	case turns <- struct{}{}:
		return end, nil
	default:
	}
	var late <-chan time.Time
	if deadline, ok := deadlineOf(t); ok {
		timer := time.NewTimer(time.Until(deadline) - lastMoment)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case turns <- struct{}{}:
		return end, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("stopped waiting for another run of this process to end: %w", context.Cause(ctx))
	case <-late:
		return nil, errors.New("the test's time was up (go test -timeout) while it waited for another run of this process to end: parallel tests run one after the other")
	}
}

func deadlineOf(t *testing.T) (deadline time.Time, ok bool) {
	if t == nil {
		return time.Time{}, false
	}
	return t.Deadline()
}
