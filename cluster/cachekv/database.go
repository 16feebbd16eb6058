package cachekv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/journal"
)

// What is asked of the database and its replicas.
type (
	load  struct{ key string }
	next  struct{ key string }
	when  struct{ key string }
	pull  struct{ from int } // is what a replica asks for: changes from that one on
	batch struct {
		from    int
		changes []change
	}
)

// A change is a line of the database's log.
type change struct {
	Key     string        `json:"key"`
	Version int           `json:"version"`
	At      time.Duration `json:"at"`
}

// A primary is the node that is the database.
type primary struct {
	h     *cluster.Host
	store Store
	log   []change
	data  map[string]int
	disk  *journal.Journal
	read  map[string][]time.Duration // when each key was read in this life
	out   *outbox
}

const recordChange = 'c'

var errDamaged = errors.New("the disk lost rows that were acknowledged")

func runPrimary(h *cluster.Host, s Store) error {
	p := &primary{h: h, store: s, data: map[string]int{}, read: map[string][]time.Duration{}}
	disk, records, damaged, err := journal.Open(h, "rows")
	switch {
	case err != nil:
		return err
	case damaged:
		return errDamaged
	}
	p.disk = disk
	for _, rec := range records {
		var c change
		if err := json.Unmarshal(rec[1:], &c); err != nil {
			return fmt.Errorf("row: %w", err)
		}
		p.apply(c)
	}
	p.out = newOutbox(h, s, p.log)
	h.Handle(p.receive)
	return nil
}

func (p *primary) apply(c change) {
	p.log = append(p.log, c)
	p.data[c.Key] = c.Version
}

func (p *primary) receive(m cluster.Message) {
	p.disk.Wake()
	switch body := m.Body.(type) {
	case load:
		p.answer(m, body)
	case next:
		p.next(m, body)
	case when:
		m.Reply(append([]time.Duration{}, p.read[body.key]...))
	case pull:
		p.ship(m.From, body)
	case dropped:
		p.out.heard(m.From, body)
	}
}

// answer reads a row, and takes its time to say so: what it says is how the row was in the beginning.
func (p *primary) answer(m cluster.Message, l load) {
	now := p.h.Clock().Monotonic()
	r := row{p.data[l.key], now}
	p.read[l.key] = append(p.read[l.key], now)
	if p.store.Slow == 0 {
		m.Reply(r)
		return
	}
	p.h.AfterFunc(p.store.Slow, func() { m.Reply(r) })
}

// next gives a key its next version. Host.Sync has the answer leave when it is on the disk.
func (p *primary) next(m cluster.Message, n next) {
	c := change{n.key, p.data[n.key] + 1, p.h.Clock().Monotonic()}
	rec, err := json.Marshal(c)
	if err == nil {
		err = p.disk.Append(append([]byte{recordChange}, rec...))
	}
	if err == nil {
		err = p.disk.Sync()
	}
	if err != nil {
		panic(fmt.Errorf("write row: %w", err))
	}
	p.apply(c)
	m.Reply(row{c.Version, c.At})
	p.out.add(c)
}

// ship sends a replica the changes that it may have by now.
func (p *primary) ship(to string, from pull) {
	upTo := from.from
	for upTo < len(p.log) && p.h.Clock().Monotonic()-p.log[upTo].At >= p.store.Lag {
		upTo++
	}
	if upTo > from.from {
		p.h.Send(to, batch{from.from, p.log[from.from:upTo:upTo]})
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

// pullEvery is how often a replica asks for changes.
const pullEvery = 20 * time.Millisecond

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

func (f *follower) receive(m cluster.Message) {
	switch body := m.Body.(type) {
	case load:
		r := row{f.data[body.key], f.h.Clock().Monotonic()}
		f.read[body.key] = append(f.read[body.key], r.made)
		f.h.AfterFunc(f.store.Slow, func() { m.Reply(r) })
	case batch:
		f.apply(body)
	case dropped:
		f.out.heard(m.From, body)
	case when:
		m.Reply(append([]time.Duration{}, f.read[body.key]...))
	}
}

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

// rows is the database as an application sees it.
type rows struct {
	h                *cluster.Host
	primary, replica string
}

func (d *rows) load(ctx context.Context, key string, behind bool) (row, error) {
	node := d.primary
	if behind {
		node = d.replica
	}
	return cluster.Ask[row](ctx, d.h, node, load{key})
}

func (d *rows) next(ctx context.Context, key string) (row, error) {
	return cluster.Ask[row](ctx, d.h, d.primary, next{key})
}

func (d *rows) loads(ctx context.Context, key string) ([]time.Duration, error) {
	all, err := cluster.Ask[[]time.Duration](ctx, d.h, d.primary, when{key})
	if err != nil {
		return nil, err
	}
	more, err := cluster.Ask[[]time.Duration](ctx, d.h, d.replica, when{key})
	return append(all, more...), err
}

func (d *rows) close() error { return nil }
