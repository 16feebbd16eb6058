package cachekv

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/model"
)

// A Strategy says how application servers keep the cache in step with the database. Its parts can be combined. The zero Strategy
// is cache-aside: a read that misses loads and fills, and a write changes the database and then deletes the copy.
// A write is acknowledged when all this is done.
type Strategy struct {
	Write Write // what a write does to the copy

	// Guard says what keeps a fill from putting back what a write has replaced meanwhile.
	Guard Guard

	// LeaseFor is how long who has a lease may take before another one is given out; default 2s.
	LeaseFor time.Duration

	// Again has a write delete the copy a second time, so long after it was acknowledged: "delayed double delete".
	Again time.Duration

	// Lose is the chance that the delete after a write is forgotten, as by a queue that drops it, and the write is
	// acknowledged all the same.
	Lose float64

	// FromReplica has misses load from the replica of the region, which is behind.
	FromReplica bool

	// Marker has the delete after a write leave a mark, by which reads that miss go to the database itself until the replica has
	// that version: the remote marker of Nishtala and others, Scaling Memcache at Facebook (NSDI 2013), §5. It takes
	// a Pipeline of ChangeCapture, which tells the cache what the replica has.
	Marker bool

	// Negative is how long it is remembered that the database has no such key; default as long as any copy.
	// A negative one has nobody remember it.
	Negative time.Duration

	Herd Herd // what keeps many from loading the same at once
}

// A Write says what a write does to the copy.
type Write string

const (
	DeleteAfter  Write = "delete-after"  // change the database, then delete the copy: cache-aside. The default
	SetAfter     Write = "set-after"     // change the database, then replace the copy
	DeleteBefore Write = "delete-before" // delete the copy, then change the database
	LeaveIt      Write = "leave-it"      // change the database and let the copy expire
)

// A Guard says what keeps a late fill out.
type Guard string

const (
	// Unguarded lets every fill in. The default.
	Unguarded Guard = "unguarded"

	// Leased gives who misses a lease, without which no fill is let in, and which a delete takes back. Others who miss
	// meanwhile wait. Nishtala and others, Scaling Memcache at Facebook (NSDI 2013), §3.2.1.
	Leased Guard = "leased"

	// Versioned lets no fill in that is older than what is there, and has a delete leave the version that it made
	// room for.
	Versioned Guard = "versioned"
)

func (s Strategy) filled() Strategy {
	if s.Write == "" {
		s.Write = DeleteAfter
	}
	if s.Guard == "" {
		s.Guard = Unguarded
	}
	if s.LeaseFor == 0 {
		s.LeaseFor = 2 * time.Second
	}
	if s.Guard != Leased && s.Herd.Stale == 0 {
		s.LeaseFor = 0
	}
	return s
}

const (
	// hop is how long an application server waits for a cache before it does without it, or asks again.
	hop = 250 * time.Millisecond

	// lull is how long it waits while another one fills.
	lull = 20 * time.Millisecond
)

// read returns a copy if there is one, and else loads and fills.
func (a *App) read(ctx context.Context, key string, user int) (model.Copy, error) {
	for {
		e, err := a.look(ctx, key)
		switch {
		case err != nil: // without the cache
			return a.load(ctx, key, false)
		case e.hit && !a.refreshes(e, user):
			return model.Copy{Version: e.row.version, Made: e.row.made, From: a.tier.name()}, nil
		case e.busy:
			if err := a.sleep(ctx, lull); err != nil {
				return model.Copy{}, err
			}
			continue
		}
		return a.fill(ctx, key, e)
	}
}

// look asks the cache.
func (a *App) look(ctx context.Context, key string) (entry, error) {
	ctx, cancel := a.h.WithTimeout(ctx, hop)
	defer cancel()
	return a.tier.get(ctx, key, a.store.Strategy.LeaseFor)
}

// fill loads what a cache did not have, and puts it there.
func (a *App) fill(ctx context.Context, key string, e entry) (model.Copy, error) {
	began := a.h.Clock().Monotonic()
	c, err := a.load(ctx, key, a.store.Strategy.FromReplica && !e.marked)
	if err != nil {
		return c, err
	}
	ttl := a.store.TTL
	if n := a.store.Strategy.Negative; c.Version == 0 && n != 0 {
		ttl = n
	}
	if ttl <= 0 {
		return c, nil
	}
	ctx, cancel := a.h.WithTimeout(ctx, hop)
	defer cancel()
	put := entry{row: row{c.Version, c.Made}, lease: e.lease, took: a.h.Clock().Monotonic() - began}
	_ = a.tier.put(ctx, key, put, a.store.Strategy.Guard, a.life(ttl)) // without it, the next one loads
	return c, nil
}

func (a *App) load(ctx context.Context, key string, behind bool) (model.Copy, error) {
	r, err := a.db.load(ctx, key, behind)
	return model.Copy{Version: r.version, Made: r.made, Loads: 1}, err
}

// write changes the database, and does to the copy what the strategy says.
func (a *App) write(ctx context.Context, key string) (model.Copy, error) {
	s := a.store.Strategy
	if s.Write == DeleteBefore {
		if err := a.drop(ctx, key, row{}); err != nil {
			return model.Copy{}, err
		}
	}
	r, err := a.db.next(ctx, key)
	if err != nil {
		return model.Copy{}, err
	}
	switch s.Write {
	case DeleteAfter:
		if a.h.Rand().Float64() >= s.Lose {
			err = a.drop(ctx, key, r)
		}
	case SetAfter:
		err = a.insist(ctx, func(ctx context.Context) error {
			return a.tier.put(ctx, key, entry{row: r}, s.Guard, a.life(a.store.TTL))
		})
	}
	if s.Again > 0 && err == nil {
		a.tier.dropLater(s.Again, drop{Key: key, Version: r.version, Guard: s.Guard})
	}
	return model.Copy{Version: r.version, Made: r.made}, err
}

// drop deletes a copy, to make room for a row.
func (a *App) drop(ctx context.Context, key string, r row) error {
	d := drop{Key: key, Version: r.version, Guard: a.store.Strategy.Guard, Mark: a.store.Strategy.Marker}
	return a.insist(ctx, func(ctx context.Context) error { return a.tier.drop(ctx, d) })
}

// insist asks again until it is answered: nothing may be acknowledged before.
func (a *App) insist(ctx context.Context, ask func(ctx context.Context) error) error {
	for {
		err := func() error {
			ctx, cancel := a.h.WithTimeout(ctx, hop)
			defer cancel()
			return ask(ctx)
		}()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if err := a.sleep(ctx, lull); err != nil {
			return err
		}
	}
}

func (a *App) sleep(ctx context.Context, d time.Duration) error {
	if err := a.h.Sleep(d); err != nil {
		return err
	}
	return ctx.Err()
}
