// Package deadline has a context that ends when its owner says so, at an instant that is known before. It needs no timer and no goroutine of
// its own, so it can end at an event of a simulation.
package deadline

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Context is a context that ends when [Context.End] is called, or its parent ends. It has an AfterFunc method, so
// that contexts derived from it need no goroutine to watch it.
type Context struct {
	context.Context
	at time.Time

	mu       sync.Mutex
	done     chan struct{} // made by the first call of Done
	err      error
	children []*Context
	after    map[*func()]bool
}

// New returns a context with a deadline, that of the parent if it is earlier. It ends when the parent does, until stop is called.
func New(parent context.Context, at time.Time) (c *Context, stop func()) {
	c = &Context{Context: parent, at: at}
	if t, ok := parent.Deadline(); ok && t.Before(at) {
		c.at = t
	}
	return c, c.follow(parent)
}

// follow makes c end when parent does, until stop is called. It needs no goroutine if parent
// is such a context too.
func (c *Context) follow(parent context.Context) (stop func()) {
	if parent.Done() == nil {
		return func() {}
	}
	p, ok := parent.(*Context)
	if !ok {
		stop := context.AfterFunc(parent, func() { c.End(parent.Err()) })
		return func() { stop() }
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		c.End(p.err)
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

// Deadline returns the instant at which the context is to end.
func (c *Context) Deadline() (time.Time, bool) { return c.at, true }

// Done returns a channel that is closed when the context ends. The first call makes it:
// most deadlines are never waited for through it.
func (c *Context) Done() <-chan struct{} {
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

// Err returns why the context has ended, nil before.
func (c *Context) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// String names the parent and the deadline.
func (c *Context) String() string { return fmt.Sprintf("%v.WithTimeout(%v)", c.Context, c.at) }

// AfterFunc runs f when the context ends; package context looks for this method.
func (c *Context) AfterFunc(f func()) (stop func() bool) {
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

// End ends the context with err, unless it has ended, and then those that derive from it.
func (c *Context) End(err error) {
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
		child.End(err)
	}
}
