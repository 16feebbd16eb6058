package quorumlog

import (
	"context"

	"github.com/capsize-go/capsize/cluster"
)

// Events runs what a node with logs does, one event at a time, on the event loop of its host. After an event that the disk aborted, the
// process does nothing more: what the event was to do is done in part.
type Events struct{ failed bool }

// Guard runs an event, unless the disk aborted an earlier one.
func (e *Events) Guard(event func()) {
	if e.failed {
		return
	}
	e.failed = true
	event()
	e.failed = false
}

// Run hands messages to receive, and calls tick each [TickEvery], as events, until ctx is done.
func (e *Events) Run(ctx context.Context, h *cluster.Host, receive func(m cluster.Message), tick func()) {
	h.Handle(func(m cluster.Message) { e.Guard(func() { receive(m) }) })
	var timer *cluster.Timer
	timer = h.AfterFunc(TickEvery, func() {
		timer.Reset(TickEvery)
		e.Guard(tick)
	})
	<-ctx.Done()
}
