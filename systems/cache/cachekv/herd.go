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

// A Herd says what keeps all who miss at once from loading the same. The zero Herd keeps nobody.
type Herd struct {
	// Coalesce has the users of an application server share a load, by singleflight of golang.org/x/sync.
	Coalesce bool

	// Jitter has copies live shorter or longer by up to so much of their time, so that those that were made
	// together do not expire together.
	Jitter float64

	// Early has each read that hits load anew before the copy expires, with a chance that grows as the end comes near:
	// the sooner, the larger Early is and the longer the last load took. 1 is best in theory: XFetch of Vattani, Chierichetti and
	// Lowenstein, Optimal Probabilistic Cache Stampede Prevention (VLDB 2015).
	Early float64

	// Stale is for how long a copy that has expired is still served, while one loads anew:
	// stale-while-revalidate, as RFC 5861 has it.
	Stale time.Duration
}

// life returns how long a copy shall live.
func (a *App) life(ttl time.Duration) life {
	j := a.store.Strategy.Herd.Jitter
	ttl += time.Duration(j * (2*a.draw(-1).Float64() - 1) * float64(ttl))
	return life{ttl, a.store.Strategy.Herd.Stale}
}

// A life says how long a copy is good, and how long it is served after that.
type life struct{ Fresh, Stale time.Duration }

// refreshes reports whether a read that hit loads anew.
func (a *App) refreshes(e entry, user int) bool {
	if e.lease != 0 { // it is the one
		return true
	}
	early := a.store.Strategy.Herd.Early
	return early > 0 && e.left < time.Duration(early*float64(e.took)*-math.Log(1-a.draw(user).Float64()))
}

// draw returns randomness of one user at one turn, so that users who go on at one instant do not share any.
func (a *App) draw(user int) keyed.Key { return a.key.Int(int64(a.turn), int64(user)) }

// A Crowd is a [Store] whose application servers serve many users at a time: each read of a client is one of each of
// them, all of the same key, and its answer is the oldest that one of them was given, with the loads of all.
type Crowd struct {
	Of    Store
	Users int // of each application server
}

// Run runs one node until ctx is done.
func (s Crowd) Run(ctx context.Context, h *cluster.Host) error { return s.Of.Run(ctx, h) }

// Open makes an application server.
func (s Crowd) Open(ctx context.Context, h *cluster.Host) (*App, error) {
	a, err := s.Of.Open(ctx, h)
	if err == nil {
		a.users = max(1, s.Users)
	}
	return a, err
}

// readFor has all users read at once.
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

// readShared reads, and lets others have a part in it.
func (a *App) readShared(ctx context.Context, key string, user int) (model.Copy, error) {
	if !a.store.Strategy.Herd.Coalesce {
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
