package cluster

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
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
	c := &deadline{Context: parent, at: h.m.c.loop.start.Add(h.m.c.Now() + d)}
	if t, ok := parent.Deadline(); ok && t.Before(c.at) {
		c.at = t
	}
	stop := c.follow(parent)
	t := h.AfterFunc(d, func() {
		h.m.c.loop.wakes()
		c.end(context.DeadlineExceeded)
	})
	return c, func() {
		t.Stop()
		stop()
		c.end(context.Canceled)
	}
}

// A deadline is a context that ends at an event. It has an AfterFunc method, so
// that contexts derived from it need no goroutine to watch it.
type deadline struct {
	context.Context
	at time.Time

	mu       sync.Mutex
	done     chan struct{} // made by the first call of Done
	err      error
	children []*deadline
	after    map[*func()]bool
}

// follow makes c end when parent does, until stop is called. It needs no goroutine if parent
// is a deadline too.
func (c *deadline) follow(parent context.Context) (stop func()) {
	if parent.Done() == nil {
		return func() {}
	}
	p, ok := parent.(*deadline)
	if !ok {
		stop := context.AfterFunc(parent, func() { c.end(parent.Err()) })
		return func() { stop() }
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		c.end(p.err)
		return func() {}
	}
	p.children = append(p.children, c)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if i := slices.Index(p.children, c); i >= 0 {
			p.children = slices.Delete(p.children, i, i+1)
		}
	}
}

func (c *deadline) Deadline() (time.Time, bool) { return c.at, true }

// Done returns a channel that is closed when the context ends. The first call makes it:
// most deadlines are never waited for through it.
func (c *deadline) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		if c.err != nil {
			close(c.done)
		}
	}
	return c.done
}

func (c *deadline) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *deadline) String() string { return fmt.Sprintf("%v.WithTimeout(%v)", c.Context, c.at) }

// AfterFunc runs f when the context ends; package context looks for this method.
func (c *deadline) AfterFunc(f func()) (stop func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		go f()
		return func() bool { return false }
	}
	if c.after == nil {
		c.after = map[*func()]bool{}
	}
	c.after[&f] = true
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		waiting := c.after[&f]
		delete(c.after, &f)
		return waiting
	}
}

// end ends the context with err, unless it has ended, and then those that derive from it.
func (c *deadline) end(err error) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	c.err = err
	if c.done != nil {
		close(c.done)
	}
	children := c.children
	c.children = nil
	for f := range c.after { // order: all run at once, each on its own goroutine
		go (*f)()
	}
	c.after = nil
	c.mu.Unlock()
	for _, child := range children {
		child.end(err)
	}
}
