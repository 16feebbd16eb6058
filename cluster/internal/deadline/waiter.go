package deadline

import (
	"context"
	"sync/atomic"
)

// A Waiter has one goroutine wait for one thing: a value, or the end of a context. The first of them that comes settles it, and
// later ones do nothing.
type Waiter struct {
	Link
	signal  *Signal
	settled atomic.Bool
	value   any
	err     error
}

// A Signal is what the goroutine of a [Waiter] waits by. It can be used again once that has waited, in the same bubble.
type Signal struct{ c chan struct{} }

// NewSignal returns a signal.
func NewSignal() *Signal { return &Signal{make(chan struct{}, 1)} }

// A Spare keeps a signal that can be used again. Its zero value has none.
type Spare struct{ signal atomic.Pointer[Signal] }

// Take returns the spare signal, or a new one.
func (s *Spare) Take() *Signal {
	if signal := s.signal.Swap(nil); signal != nil {
		return signal
	}
	return NewSignal()
}

// Keep makes a signal the spare one. No waiter may be settled by it any more.
func (s *Spare) Keep(signal *Signal) { s.signal.Store(signal) }

// An Alarm is a [Waiter] as a timer sees it that ends the wait without an error.
type Alarm Waiter

// End ends the wait.
func (a *Alarm) End(error) { (*Waiter)(a).Settle(nil, nil) }

// Begin readies the waiter, which no event settles any more if it was used before.
func (w *Waiter) Begin(s *Signal) {
	w.signal, w.value, w.err = s, nil, nil
	w.settled.Store(false)
}

// Settle ends the wait with a value or an error, unless it has ended.
func (w *Waiter) Settle(value any, err error) {
	if w.settled.CompareAndSwap(false, true) {
		w.value, w.err = value, err
		w.signal.c <- struct{}{}
	}
}

// End ends the wait with an error, or without one: it is what a context calls to which the waiter is tied, or a timer.
func (w *Waiter) End(err error) { w.Settle(nil, err) }

// Wait waits until the waiter is settled or ctx ends, and returns what it was settled with.
func (w *Waiter) Wait(ctx context.Context) (any, error) {
	if c, ok := ctx.(*Context); ok {
		c.Tie(&w.Link, w)
		<-w.signal.c
		w.Untie()
		return w.value, w.err
	}
	select {
	case <-w.signal.c:
	case <-ctx.Done():
		w.End(ctx.Err())
		<-w.signal.c
	}
	return w.value, w.err
}
