package localcache

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/journal"
)

// database is the node that has the rows.
const database = "n1"

// The requests of servers, which are answered with a [Row]; and of clients, with a list of times.
type (
	fetch   struct{ key string }
	commit  struct{ key string }
	loadsOf struct{ key string }
)

// A table has all versions of all rows.
type table struct {
	h    *cluster.Host
	lag  time.Duration
	disk *journal.Journal // a record for each version
	rows map[string]*versions
}

const recordVersion = 'v'

var errDamaged = errors.New("localcache: the disk lost rows that were acknowledged")

type versions struct {
	shown []time.Duration // when each version shows where rows are loaded from
	loads []time.Duration // when the row was loaded in this life
}

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	if h.Name() != database {
		return s.serve(ctx, h)
	}
	disk, records, damaged, err := journal.Open(h, "rows")
	switch {
	case err != nil:
		return err
	case damaged:
		return errDamaged
	}
	t := &table{h: h, lag: s.Lag, disk: disk, rows: map[string]*versions{}}
	for _, rec := range records {
		v := t.row(string(rec[1:]))
		v.shown = append(v.shown, 0)
	}
	h.Handle(t.receive)
	<-ctx.Done()
	return nil
}

func (t *table) receive(m cluster.Message) {
	t.disk.Wake()
	switch req := m.Body.(type) {
	case fetch:
		row := t.load(t.row(req.key))
		t.h.AfterFunc(slow(t.h.Rand()), func() { m.Reply(row) })
	case commit:
		row := t.commit(req.key)
		t.h.AfterFunc(quick(t.h.Rand()), func() { m.Reply(row) })
	case loadsOf:
		m.Reply(append([]time.Duration{}, t.row(req.key).loads...))
	}
}

func (t *table) row(key string) *versions {
	v := t.rows[key]
	if v == nil {
		v = &versions{}
		t.rows[key] = v
	}
	return v
}

// load reads a row as it is at this instant, however long the answer takes.
func (t *table) load(v *versions) Row {
	now := t.h.Clock().Monotonic()
	v.loads = append(v.loads, now)
	row := Row{Made: now}
	for _, at := range v.shown {
		if at <= now {
			row.Version++
		}
	}
	return row
}

// commit gives a row its next version, on the disk before the answer leaves. The replica applies versions in their order.
func (t *table) commit(key string) Row {
	err := t.disk.Append(append([]byte{recordVersion}, key...))
	if err == nil {
		err = t.disk.Sync()
	}
	if err != nil {
		panic(fmt.Errorf("write row: %w", err))
	}
	v := t.row(key)
	now := t.h.Clock().Monotonic()
	at := now
	if t.lag > 0 {
		at += time.Duration(t.h.Rand().Int64N(int64(t.lag)))
	}
	if n := len(v.shown); n > 0 {
		at = max(at, v.shown[n-1])
	}
	v.shown = append(v.shown, at)
	return Row{Version: len(v.shown), Made: now}
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
