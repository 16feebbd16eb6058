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
	p, _ := New(context.Background(), soon)
	c, _ := New(p, late)
	at, ok := c.Deadline()
	assert.True(t, ok)
	assert.Equal(t, soon, at)
	later, _ := New(c, late)
	p.End(context.Canceled)
	assert.ErrorIs(t, later.Err(), context.Canceled)
	<-later.Done()
}

// TestStop has a context no longer follow its parent, and one of a parent that has ended end at once.
func TestStop(t *testing.T) {
	p, _ := New(context.Background(), time.Unix(1, 0))
	c, stop := New(p, time.Unix(2, 0))
	stop()
	p.End(context.DeadlineExceeded)
	assert.NoError(t, c.Err())
	late, _ := New(p, time.Unix(2, 0))
	assert.ErrorIs(t, late.Err(), context.DeadlineExceeded)
	late.End(context.Canceled)
	assert.ErrorIs(t, late.Err(), context.DeadlineExceeded, "the first end counts")
}

// TestAfterFunc runs a function once the context ends, unless it was stopped before.
func TestAfterFunc(t *testing.T) {
	c, _ := New(context.Background(), time.Unix(1, 0))
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
