package deadline

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestEarlierParent has a context take over the deadline of a parent that is earlier.
func TestEarlierParent(t *testing.T) {
	soon, late := time.Unix(1, 0), time.Unix(2, 0)
	p := New(context.Background(), soon)
	c := New(p, late)
	at, ok := c.Deadline()
	assert.True(t, ok)
	assert.Equal(t, soon, at)
	later := New(c, late)
	p.End(context.Canceled)
	assert.ErrorIs(t, later.Err(), context.Canceled)
	<-later.Done()
}

// TestStop has a context no longer follow its parent, and one of a parent that has ended end at once.
func TestStop(t *testing.T) {
	p := New(context.Background(), time.Unix(1, 0))
	c := New(p, time.Unix(2, 0))
	c.Leave()
	p.End(context.DeadlineExceeded)
	assert.NoError(t, c.Err())
	late := New(p, time.Unix(2, 0))
	assert.ErrorIs(t, late.Err(), context.DeadlineExceeded)
	late.End(context.Canceled)
	assert.ErrorIs(t, late.Err(), context.DeadlineExceeded, "the first end counts")
}

// TestAfterFunc runs a function once the context ends, unless it was stopped before.
func TestAfterFunc(t *testing.T) {
	c := New(context.Background(), time.Unix(1, 0))
	ran := make(chan string, 2)
	stop := c.AfterFunc(func() { ran <- "stopped" })
	c.AfterFunc(func() { ran <- "kept" })
	assert.True(t, stop())
	assert.False(t, stop())
	c.End(context.Canceled)
	assert.Equal(t, "kept", <-ran)
	assert.False(t, c.AfterFunc(func() { ran <- "late" })())
	assert.Equal(t, "late", <-ran)
}

// TestTie ends what is tied to a context in the order in which it was tied, without what was untied.
func TestTie(t *testing.T) {
	c := New(context.Background(), time.Unix(1, 0))
	var ended []string
	links := make([]Link, 4)
	for i, name := range []string{"a", "b", "c", "d"} {
		c.Tie(&links[i], enderFunc(func(error) { ended = append(ended, name) }))
	}
	links[1].Untie()
	links[3].Untie()
	links[3].Untie()
	c.End(context.Canceled)
	links[0].Untie()
	assert.Equal(t, []string{"a", "c"}, ended)
	c.Tie(&links[1], enderFunc(func(err error) { ended = append(ended, err.Error()) }))
	assert.Equal(t, []string{"a", "c", "context canceled"}, ended)
}

type enderFunc func(error)

func (f enderFunc) End(err error) { f(err) }

// TestWaiter returns what came first, with contexts of this package and others.
func TestWaiter(t *testing.T) {
	own := New(context.Background(), time.Unix(1, 0))
	other, cancel := context.WithCancel(context.Background())
	s := NewSignal()
	for _, ctx := range []context.Context{own, other} {
		var w Waiter
		w.Begin(s)
		w.Settle("answer", nil)
		w.Settle("late", nil)
		v, err := w.Wait(ctx)
		assert.Equal(t, "answer", v)
		assert.NoError(t, err)
	}
	own.End(context.DeadlineExceeded)
	cancel()
	for _, ctx := range []context.Context{own, other} {
		var w Waiter
		w.Begin(s)
		_, err := w.Wait(ctx)
		assert.ErrorIs(t, err, ctx.Err())
		w.Settle("late", nil)
	}
}
