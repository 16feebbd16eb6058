package cachekv

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/rows"
)

// The requests to the database and its replicas.
type (
	load  struct{ key string }
	next  struct{ key string }
	when  struct{ key string }
	pull  struct{ from int } // requests changes for a replica, from that one on
	batch struct {
		from    int
		changes []rows.Change
	}
)

// A primary is the node that is the database.
type primary struct {
	h     *cluster.Host
	store Store
	table *rows.Table
	out   *outbox
}

// runPrimary opens the table and the outbox of the database, and handles messages from then on.
func runPrimary(h *cluster.Host, s Store) error {
	table, err := rows.Open(h)
	if err != nil {
		return err
	}
	p := &primary{h: h, store: s, table: table}
	p.out = newOutbox(h, s, table.Changes())
	h.Handle(p.receive)
	return nil
}

// receive handles a request to the database, or a confirmation of a cache.
func (p *primary) receive(m cluster.Message) {
	p.table.Wake()
	switch body := m.Body.(type) {
	case load:
		p.load(m, body)
	case next:
		p.next(m, body)
	case when:
		m.Reply(p.table.Loads(body.key))
	case pull:
		p.ship(m.From, body)
	case dropped:
		p.out.confirmed(m.From, body)
	}
}

// load reads a row, and replies later if the database is slow: the reply has the row as it was at the start.
func (p *primary) load(m cluster.Message, l load) {
	version, now := p.table.Load(l.key)
	if p.store.Slow == 0 {
		m.Reply(row{version, now})
		return
	}
	p.h.AfterFunc(p.store.Slow, func() { m.Reply(row{version, now}) })
}

func (p *primary) next(m cluster.Message, n next) {
	c := p.table.Next(n.key)
	m.Reply(row{c.Version, c.At})
	p.out.add(c)
}

// ship sends a replica the changes that it may have by now.
func (p *primary) ship(to string, from pull) {
	log, upTo := p.table.Changes(), from.from
	for upTo < len(log) && p.h.Clock().Monotonic()-log[upTo].At >= p.store.Lag {
		upTo++
	}
	if upTo > from.from {
		p.h.Send(to, batch{from.from, log[from.from:upTo:upTo]})
	}
}

// A follower is a node that is a replica. It begins from nothing when it boots.
type follower struct {
	h     *cluster.Host
	store Store
	data  map[string]int
	has   int // changes
	read  map[string][]time.Duration
	out   *outbox
}

// pullEvery is the interval at which a replica requests changes.
const pullEvery = 20 * time.Millisecond

// runReplica requests changes at intervals. A message that is lost is made up for by the next one.
func runReplica(h *cluster.Host, s Store, region int) {
	f := &follower{h: h, store: s, data: map[string]int{}, read: map[string][]time.Duration{}}
	if s.Pipeline == ChangeCapture {
		f.out = newCapture(h, s, cache(region))
	}
	h.Handle(f.receive)
	var timer *cluster.Timer
	timer = h.AfterFunc(pullEvery, func() {
		timer.Reset(pullEvery)
		h.Send(database, pull{f.has})
	})
}

// receive handles a request to the replica, changes, or a confirmation of a cache.
func (f *follower) receive(m cluster.Message) {
	switch body := m.Body.(type) {
	case load:
		r := row{f.data[body.key], f.h.Clock().Monotonic()}
		f.read[body.key] = append(f.read[body.key], r.made)
		f.h.AfterFunc(f.store.Slow, func() { m.Reply(r) })
	case batch:
		f.apply(body)
	case dropped:
		f.out.confirmed(m.From, body)
	case when:
		m.Reply(append([]time.Duration{}, f.read[body.key]...))
	}
}

// apply applies the changes that are new, in order, and sends them to the cache.
func (f *follower) apply(b batch) {
	if b.from > f.has {
		return // what comes before it was lost
	}
	for _, c := range b.changes[min(len(b.changes), f.has-b.from):] {
		f.data[c.Key] = c.Version
		f.has++
		f.out.add(c)
	}
}

// sql is the database as an application sees it.
type sql struct {
	h                *cluster.Host
	primary, replica string
}

func (d *sql) load(ctx context.Context, key string, behind bool) (row, error) {
	node := d.primary
	if behind {
		node = d.replica
	}
	return cluster.Ask[row](ctx, d.h, node, load{key})
}

func (d *sql) next(ctx context.Context, key string) (row, error) {
	return cluster.Ask[row](ctx, d.h, d.primary, next{key})
}

func (d *sql) loads(ctx context.Context, key string) ([]time.Duration, error) {
	all, err := cluster.Ask[[]time.Duration](ctx, d.h, d.primary, when{key})
	if err != nil {
		return nil, err
	}
	more, err := cluster.Ask[[]time.Duration](ctx, d.h, d.replica, when{key})
	return append(all, more...), err
}

func (d *sql) close() error { return nil }
