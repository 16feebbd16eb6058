// Package deadline has a context that ends when its owner says so, at an instant that is known before. It needs no timer and no goroutine of
// its own, so it can end at an event of a simulation.
package deadline

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A Context is a context that ends when [Context.End] is called, or its parent ends. It has an AfterFunc method, so
// that contexts derived from it need no goroutine to watch it.
type Context struct {
	context.Context
	at   time.Time
	link Link        // to the parent, if that is such a context
	stop func() bool // ends the watch over another parent; nil if there is none

	mu    sync.Mutex
	done  chan struct{} // made by the first call of Done
	err   error
	first *Link // what ends with it, in the order in which it was tied
	last  *Link
	after map[*func()]bool
}

// An Ender is called when a context ends, with the reason. End is called with the context locked, so it must not wait for that.
type Ender interface{ End(err error) }

// A Link ties an [Ender] to a context. Its zero value ties nothing.
type Link struct {
	to         *Context
	ender      Ender
	tied       bool // guarded by the context's lock
	prev, next *Link
}

// New returns a context with a deadline, that of the parent if it is earlier. It ends when the parent does, until
// [Context.Leave] is called.
func New(parent context.Context, at time.Time) *Context {
	c := new(Context)
	c.Init(parent, at)
	return c
}

// Init makes a zero context as [New] does.
func (c *Context) Init(parent context.Context, at time.Time) {
	c.Context, c.at = parent, at
	if t, ok := parent.Deadline(); ok && t.Before(at) {
		c.at = t
	}
	if p, ok := parent.(*Context); ok {
		p.Tie(&c.link, c)
	} else if parent.Done() != nil {
		c.stop = context.AfterFunc(parent, func() { c.End(parent.Err()) })
	}
}

// Leave has the context no longer end when its parent does.
func (c *Context) Leave() {
	c.link.Untie()
	if c.stop != nil {
		c.stop()
	}
}

// Tie has e end when the context does: at once if it has ended.
func (c *Context) Tie(l *Link, e Ender) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		e.End(c.err)
		return
	}
	*l = Link{to: c, ender: e, tied: true, prev: c.last}
	if c.last == nil {
		c.first = l
	} else {
		c.last.next = l
	}
	c.last = l
}

// Untie undoes [Context.Tie]. It does nothing if the context has ended, or the link ties nothing.
func (l *Link) Untie() {
	c := l.to
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !l.tied {
		return
	}
	if l.prev == nil {
		c.first = l.next
	} else {
		l.prev.next = l.next
	}
	if l.next == nil {
		c.last = l.prev
	} else {
		l.next.prev = l.prev
	}
	l.tied, l.prev, l.next = false, nil, nil
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

// End ends the context with err, unless it has ended, and then what is tied to it.
func (c *Context) End(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = err
	if c.done != nil {
		close(c.done)
	}
	for f := range c.after { // order: all run at once, each on its own goroutine
		go (*f)()
	}
	c.after = nil
	for l := c.first; l != nil; {
		next := l.next
		l.tied, l.prev, l.next = false, nil, nil
		l.ender.End(err)
		l = next
	}
	c.first, c.last = nil, nil
}
