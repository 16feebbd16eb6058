package cachekv

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/model"
)

// A StampedeProtection is what a strategy does against a stampede: many readers that miss at once, and all load. The zero value does nothing.
type StampedeProtection struct {
	// Coalesce has the users of an application server share a load, by singleflight of golang.org/x/sync.
	Coalesce bool

	// Jitter varies the lifetime of copies by up to this share of it, so that copies that were made
	// together do not expire together.
	Jitter float64

	// Early makes a read that hits reload the copy before it expires, with a chance that grows towards the end, with Early,
	// and with the time that the last load took. 1 is best in theory: XFetch of Vattani, Chierichetti and
	// Lowenstein, Optimal Probabilistic Cache Stampede Prevention (VLDB 2015).
	Early float64

	// Stale is for how long a copy that has expired is still served, while one reader reloads it:
	// stale-while-revalidate (RFC 5861).
	Stale time.Duration
}

// life returns the lifetime of a copy, with jitter.
func (a *App) life(ttl time.Duration) life {
	j := a.store.Strategy.Stampede.Jitter
	ttl += time.Duration(j * (2*a.draw(-1).Float64() - 1) * float64(ttl))
	return life{ttl, a.store.Strategy.Stampede.Stale}
}

// A life says how long a copy is fresh, and how long it is served after that.
type life struct{ Fresh, Stale time.Duration }

// refreshes reports whether a read that hit reloads the copy.
func (a *App) refreshes(e entry, user int) bool {
	if e.lease != 0 { // this is the reader that reloads
		return true
	}
	early := a.store.Strategy.Stampede.Early
	return early > 0 && e.left < time.Duration(early*float64(e.took)*-math.Log(1-a.draw(user).Float64()))
}

// draw returns the key of one user at one turn, so that users who act at one instant draw independently.
func (a *App) draw(user int) keyed.Key { return a.key.Int(int64(a.turn), int64(user)) }

// A ConcurrentUsers is a [Store] whose application servers serve many users at a time: a read of a client is a read of each
// user, all of the same key. It returns the oldest version of theirs, with the loads of all.
type ConcurrentUsers struct {
	Of    Store
	Users int // of each application server
}

// Run runs one node until ctx is done.
func (s ConcurrentUsers) Run(ctx context.Context, h *cluster.Host) error { return s.Of.Run(ctx, h) }

// Open makes an application server.
func (s ConcurrentUsers) Open(ctx context.Context, h *cluster.Host) (*App, error) {
	a, err := s.Of.Open(ctx, h)
	if err == nil {
		a.users = max(1, s.Users)
	}
	return a, err
}

// readFor reads for all users at once, and returns the oldest version with the sum of the loads.
func (a *App) readFor(ctx context.Context, key string) (model.Copy, error) {
	if a.users == 1 {
		return a.readShared(ctx, key, 0)
	}
	answers, errs := make([]model.Copy, a.users), make([]error, a.users)
	var all sync.WaitGroup
	for u := range a.users {
		all.Go(func() {
			if err := a.sleep(ctx, time.Duration(u)*time.Microsecond); err == nil { // each at an instant of its own
				answers[u], errs[u] = a.readShared(ctx, key, u)
			}
		})
	}
	all.Wait()
	oldest := answers[0]
	loads := 0
	for _, c := range answers {
		if loads += c.Loads; c.Version < oldest.Version {
			oldest = c
		}
	}
	oldest.Loads = loads
	return oldest, errors.Join(errs...)
}

// readShared reads, coalesced with other reads of the key if the strategy says so.
func (a *App) readShared(ctx context.Context, key string, user int) (model.Copy, error) {
	if !a.store.Strategy.Stampede.Coalesce {
		return a.read(ctx, key, user)
	}
	mine := false
	got, err, _ := a.flight.Do(key, func() (any, error) {
		mine = true
		return a.read(ctx, key, user)
	})
	c, _ := got.(model.Copy)
	if !mine {
		c.Coalesced, c.Loads = c.Loads > 0, 0
	}
	return c, err
}
