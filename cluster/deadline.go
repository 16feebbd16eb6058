package cluster

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/deadline"
)

// Sleep waits for d, or until the host crashes; then it returns [ErrCrashed].
func (h *Host) Sleep(d time.Duration) error {
	done := make(chan struct{})
	t := h.AfterFunc(d, func() {
		h.m.c.loop.wakes()
		close(done)
	})
	defer t.Stop()
	select {
	case <-done:
		return nil
	case <-h.ctx.Done():
		return ErrCrashed
	}
}

// WithTimeout is [context.WithTimeout] with a deadline that is an event of the
// host. So an answer and a deadline that fall on the same nanosecond come in an
// order, and it is the same in every run; with the context package's own timer
// it would be chance.
func (h *Host) WithTimeout(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	c, stop := deadline.New(parent, h.m.c.loop.start.Add(h.m.c.Now()+d))
	t := h.AfterFunc(d, func() {
		h.m.c.loop.wakes()
		c.End(context.DeadlineExceeded)
	})
	return c, func() {
		t.Stop()
		stop()
		c.End(context.Canceled)
	}
}
