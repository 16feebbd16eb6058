// Package ownpool is a connection pool of one's own, of the kind that is written in an hour: a channel that counts, and a
// list of idle connections. Its test shows what an hour leaves out.
package ownpool

import (
	"context"
	"io"
	"sync"
)

// A Pool has connections of type C. New makes one.
type Pool[C io.Closer] struct {
	// Careful has Get give its place back when it can't connect.
	Careful bool

	dial   func(ctx context.Context) (C, error)
	places chan struct{} // has a value for each connection that is in use

	mu   sync.Mutex
	idle []C
}

// New returns a pool of at most size connections.
func New[C io.Closer](size int, dial func(ctx context.Context) (C, error)) *Pool[C] {
	return &Pool[C]{dial: dial, places: make(chan struct{}, size)}
}

// Get returns an idle connection, or a new one. It waits for a place until ctx is done.
func (p *Pool[C]) Get(ctx context.Context) (c C, err error) {
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		return c, ctx.Err()
	}
	if c, ok := p.takeIdle(); ok {
		return c, nil
	}
	c, err = p.dial(ctx)
	if err != nil && p.Careful {
		<-p.places // here is the bug: without this the pool is one connection smaller for ever
	}
	return c, err
}

func (p *Pool[C]) takeIdle() (c C, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return c, false
	}
	c, p.idle = p.idle[last], p.idle[:last]
	return c, true
}

// Put gives a connection back. One that is broken is closed.
func (p *Pool[C]) Put(c C, broken bool) {
	if broken {
		_ = c.Close() // it is broken anyway
	} else {
		p.mu.Lock()
		p.idle = append(p.idle, c)
		p.mu.Unlock()
	}
	<-p.places
}
