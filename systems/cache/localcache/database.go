package localcache

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/rows"
)

// database is the node that has the rows.
const database = "n1"

// The requests of servers, which get a [Row], and of clients, which get a list of times.
type (
	fetch   struct{ key string }
	commit  struct{ key string }
	loadsOf struct{ key string }
)

// A replica is the table, with the times at which versions become visible to loads.
type replica struct {
	h     *cluster.Host
	lag   time.Duration
	table *rows.Table
	shown map[string][]time.Duration // when each version of a row becomes visible
}

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	if h.Name() != database {
		return s.serve(ctx, h)
	}
	table, err := rows.Open(h)
	if err != nil {
		return fmt.Errorf("boot localcache: %w", err)
	}
	t := &replica{h: h, lag: s.Lag, table: table, shown: map[string][]time.Duration{}}
	for _, c := range table.Changes() {
		t.shown[c.Key] = append(t.shown[c.Key], 0)
	}
	h.Handle(t.receive)
	<-ctx.Done()
	return nil
}

// receive handles a request. The row is that of this instant, however late the reply is.
func (t *replica) receive(m cluster.Message) {
	t.table.Wake()
	switch req := m.Body.(type) {
	case fetch:
		row := t.load(req.key)
		t.h.AfterFunc(slow(t.h.Rand()), func() { m.Reply(row) })
	case commit:
		row := t.commit(req.key)
		t.h.AfterFunc(quick(t.h.Rand()), func() { m.Reply(row) })
	case loadsOf:
		m.Reply(t.table.Loads(req.key))
	}
}

// load reads a row as it is at this instant, however long the answer takes.
func (t *replica) load(key string) Row {
	_, now := t.table.Load(key)
	row := Row{Made: now}
	for _, at := range t.shown[key] {
		if at <= now {
			row.Version++
		}
	}
	return row
}

// commit gives a row its next version. The replica applies versions in their order.
func (t *replica) commit(key string) Row {
	c := t.table.Next(key)
	at := c.At
	if t.lag > 0 {
		at += time.Duration(t.h.Rand().Int64N(int64(t.lag)))
	}
	shown := t.shown[key]
	if n := len(shown); n > 0 {
		at = max(at, shown[n-1])
	}
	t.shown[key] = append(shown, at)
	return Row{Version: c.Version, Made: c.At}
}

// quick is how long the answer to most requests takes.
func quick(r *rand.Rand) time.Duration {
	return time.Millisecond + time.Duration(r.Int64N(int64(9*time.Millisecond)))
}

// slow is how long the answer to a load takes: one in five up to 300 ms.
func slow(r *rand.Rand) time.Duration {
	d := quick(r)
	if r.IntN(5) == 0 {
		d += time.Duration(r.Int64N(int64(290 * time.Millisecond)))
	}
	return d
}
