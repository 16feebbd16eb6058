package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
)

// idle is how long a client waits to look again whether requests arrive, while none do.
const idle = 10 * time.Millisecond

// arrive has the requests of an open load arrive at one client until the clients are to stop: each is called in a
// goroutine of its own, whether or not earlier ones have been answered. It returns when all have come to an end.
func (c *client) arrive() {
	if !c.connect(c.generation) {
		return
	}
	flight := inFlight{c: c, ended: make(chan struct{}, 1)}
	for c.awaitArrival() {
		in, more := c.next()
		if !more {
			break
		}
		if c.conn != nil {
			flight.begin(in)
		}
		c.turn.Index++
	}
	flight.await()
	if c.disconnect(c.generation) {
		close(c.done)
	}
}

// awaitArrival waits for the next arrival, and reports whether there is one.
func (c *client) awaitArrival() bool {
	if c.due == 0 {
		c.due = c.now()
	}
	for !c.e.interrupted() && !c.e.stopping.Load() {
		if len(c.script) > 0 {
			c.due = max(c.due, c.e.began+c.script[0].At)
			_ = c.host.Sleep(max(c.due-c.now(), time.Microsecond)) // the hosts of clients do not crash
			return !c.e.stopping.Load()
		}
		rate := c.e.config.Workload.Arrivals(c.due - c.e.began)
		gap := idle
		if rate > 0 {
			mean := float64(c.e.config.Clients) / rate * float64(time.Second)
			gap = time.Duration(mean/2 + mean*c.e.draw(drawPace, c.id, c.turn.Index).Float64()).Truncate(time.Microsecond)
		}
		c.due += max(gap, time.Microsecond)
		c.planned = c.due - c.e.began
		// Each has an instant of its own, also those that were due while the host was paused.
		_ = c.host.Sleep(max(c.due-c.now(), time.Microsecond)) // the hosts of clients do not crash
		if rate > 0 {
			return !c.e.stopping.Load()
		}
	}
	return false
}

// An inFlight is the requests of a client that have not come to an end.
type inFlight struct {
	c     *client
	n     int           // guarded by c.mu
	ended chan struct{} // gets a value when one ends
}

// begin makes a request in a goroutine of its own.
func (f *inFlight) begin(in any) {
	c := f.c
	f.add(1)
	op := history.Op{Process: c.e.spans.take(), Node: c.host.Node(), Input: in}
	if key := c.e.config.Workload.Key; key != nil {
		op.Key = key(in)
	}
	c.e.record(op)
	var once sync.Once
	end := func() { once.Do(func() { f.add(-1) }) }
	limit := c.host.AfterFunc(c.e.config.Timeout+shutdownTimeout, func() {
		c.e.find(cluster.Finding{Kind: cluster.Hung, Host: c.host.Name(),
			What: fmt.Sprintf("%v ignores its ctx: it had not come back %v after it was due", in, shutdownTimeout)})
		end()
	})
	conn := c.conn
	go func() {
		ctx, cancel := c.host.WithTimeout(context.Background(), c.e.config.Timeout)
		defer cancel()
		var out any
		err := c.recovering(ctx, in, func(ctx context.Context) (err error) {
			out, err = conn.Invoke(ctx, in)
			return err
		})
		c.e.spans.end(op, out, err)
		limit.Stop()
		end()
	}()
}

// add counts requests that begin or end.
func (f *inFlight) add(n int) {
	f.c.mu.Lock()
	f.n += n
	f.c.mu.Unlock()
	select {
	case f.ended <- struct{}{}:
	default:
	}
}

// await waits until no request is in flight.
func (f *inFlight) await() {
	for {
		f.c.mu.Lock()
		n := f.n
		f.c.mu.Unlock()
		if n <= 0 {
			return
		}
		<-f.ended
	}
}
