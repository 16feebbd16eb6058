package cachekv

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/model"
)

// A Strategy says how application servers keep the cache consistent with the database. Its parts can be combined. The zero Strategy
// is cache-aside: a read that misses loads and fills, and a write changes the database and then deletes the copy.
// A write is acknowledged after all that.
type Strategy struct {
	Write Write // what a write does to the copy

	// Guard says how a stale fill is prevented: one with a version that a write has replaced since the load.
	Guard Guard

	// LeaseFor is how long a lease is valid before another one is granted; default 2s.
	LeaseFor time.Duration

	// Again makes a write delete the copy a second time, this long after it was acknowledged: "delayed double delete".
	Again time.Duration

	// Lose is the chance that the delete after a write is lost, as by a queue that drops it, while the write is
	// acknowledged.
	Lose float64

	// FromReplica makes misses load from the replica of the region, which is behind.
	FromReplica bool

	// Marker makes the delete after a write leave a marker, for which reads that miss load from the database itself until the replica has
	// that version: the remote marker of Nishtala and others, Scaling Memcache at Facebook (NSDI 2013), §5. It needs
	// the Pipeline ChangeCapture, by which the cache learns what the replica has.
	Marker bool

	// Negative is how long it is cached that the database has no such key; default as long as any copy.
	// If it is negative that is not cached.
	Negative time.Duration

	Stampede StampedeProtection // protection against stampedes
}

// A Write says what a write does to the copy.
type Write string

const (
	DeleteAfter  Write = "delete-after"  // change the database, then delete the copy: cache-aside. The default
	SetAfter     Write = "set-after"     // change the database, then replace the copy
	DeleteBefore Write = "delete-before" // delete the copy, then change the database
	LetExpire    Write = "leave-it"      // change the database and let the copy expire
)

// A Guard says how a cache rejects stale fills.
type Guard string

const (
	// Unguarded accepts every fill. The default.
	Unguarded Guard = "unguarded"

	// Leased grants a reader that misses a lease. A fill is accepted with a valid lease only, and a delete revokes it. Other readers
	// that miss meanwhile wait. Nishtala and others, Scaling Memcache at Facebook (NSDI 2013), §3.2.1.
	Leased Guard = "leased"

	// Versioned rejects fills that are older than the copy, or than the version that the last delete has left.
	Versioned Guard = "versioned"
)

// withDefaults returns the strategy with the defaults of the fields that are zero, and without leases unless
// they are used.
func (s Strategy) withDefaults() Strategy {
	if s.Write == "" {
		s.Write = DeleteAfter
	}
	if s.Guard == "" {
		s.Guard = Unguarded
	}
	if s.LeaseFor == 0 {
		s.LeaseFor = 2 * time.Second
	}
	if s.Guard != Leased && s.Stampede.Stale == 0 {
		s.LeaseFor = 0
	}
	return s
}

const (
	// hop is how long an application server waits for a cache before it goes without it, or retries.
	hop = 250 * time.Millisecond

	// retryPause is how long it waits while another one fills, or before it retries.
	retryPause = 20 * time.Millisecond
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
			if err := a.sleep(ctx, retryPause); err != nil {
				return model.Copy{}, err
			}
			continue
		}
		return a.fill(ctx, key, e)
	}
}

// look reads the cache.
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
		err = a.retryUntilDone(ctx, func(ctx context.Context) error {
			return a.tier.put(ctx, key, entry{row: r}, s.Guard, a.life(a.store.TTL))
		})
	}
	if s.Again > 0 && err == nil {
		a.tier.dropLater(s.Again, drop{Key: key, Version: r.version, Guard: s.Guard})
	}
	return model.Copy{Version: r.version, Made: r.made}, err
}

// drop deletes a copy that a row replaces.
func (a *App) drop(ctx context.Context, key string, r row) error {
	d := drop{Key: key, Version: r.version, Guard: a.store.Strategy.Guard, Mark: a.store.Strategy.Marker}
	return a.retryUntilDone(ctx, func(ctx context.Context) error { return a.tier.drop(ctx, d) })
}

// retryUntilDone repeats a request until it succeeds: the write may not be acknowledged before.
func (a *App) retryUntilDone(ctx context.Context, ask func(ctx context.Context) error) error {
	for {
		err := func() error {
			ctx, cancel := a.h.WithTimeout(ctx, hop)
			defer cancel()
			return ask(ctx)
		}()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if err := a.sleep(ctx, retryPause); err != nil {
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
