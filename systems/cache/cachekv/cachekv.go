// Package cachekv is a database with shared caches before it, as a web site has them: application servers read a
// cache, load from the database what is missing, and must prevent that an older copy hides a write. How they
// do that is a [Strategy], and most of those in use are wrong.
//
// Node n1 is the database. Then come the regions, two nodes each: a replica of the database, which is behind by
// [Store.Lag], and a cache. The clients of a test are the application servers of the region of the node that they are
// bound to. With [Redis] the caches are Redis, and the application servers talk to them by go-redis.
//
// The database holds only the versions 1, 2, … of each key, since only the age of a copy matters.
package cachekv

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/model"
)

// A Store is the database, its replicas and native caches. The zero Store has one region and the usual strategy.
type Store struct {
	Strategy Strategy
	TTL      time.Duration // how long a copy lives; default 30s
	Lag      time.Duration // how far replicas are behind; default 200ms
	Slow     time.Duration // how long the database takes to read a row; default nothing
	Regions  int           // default 1
	Pipeline Pipeline      // how caches of other regions are invalidated; default not at all
}

// EventDriven says that the store uses the message seam alone.
func (Store) EventDriven() {}

// Nodes returns how many nodes the store needs.
func (s Store) Nodes() int { return 1 + 2*max(1, s.Regions) }

const database = "n1"

// replica and cache name the nodes of a region, from 0.
func replica(region int) string { return fmt.Sprint("n", 2+2*region) }
func cache(region int) string   { return fmt.Sprint("n", 3+2*region) }

// Caches returns the names of the nodes that are caches.
func (s Store) Caches() (names []string) {
	for r := range s.withDefaults().Regions {
		names = append(names, cache(r))
	}
	return names
}

// RegionOf returns the region, from 0, of a node; the database is in the first.
func RegionOf(node string) (region int) {
	_, _ = fmt.Sscanf(node, "n%d", &region)
	return max(0, region-2) / 2
}

// withDefaults returns the store with the defaults of the fields that are zero.
func (s Store) withDefaults() Store {
	if s.TTL == 0 {
		s.TTL = 30 * time.Second
	}
	if s.Lag == 0 {
		s.Lag = 200 * time.Millisecond
	}
	s.Regions = max(1, s.Regions)
	s.Strategy = s.Strategy.withDefaults()
	return s
}

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	s = s.withDefaults()
	if want := s.Nodes(); len(h.Nodes()) != want {
		return fmt.Errorf("boot cachekv: %d regions take %d nodes, and there are %d", s.Regions, want, len(h.Nodes()))
	}
	err := s.check()
	if err != nil {
		return fmt.Errorf("boot cachekv: %w", err)
	}
	switch region := RegionOf(h.Name()); h.Name() {
	case database:
		err = runPrimary(h, s)
	case replica(region):
		runReplica(h, s, region)
	default:
		err = runCache(h)
	}
	if err != nil {
		return fmt.Errorf("boot cachekv: %w", err)
	}
	<-ctx.Done()
	return nil
}

// Open makes an application server.
func (s Store) Open(_ context.Context, h *cluster.Host) (*App, error) {
	return s.app(h, &nativeCache{h: h, node: cache(RegionOf(h.Node()))}), nil
}

// app makes an application server with the replica of its region and a cache.
func (s Store) app(h *cluster.Host, t tier) *App {
	return newApp(h, s.withDefaults(), &sql{h: h, primary: database, replica: replica(RegionOf(h.Node()))}, t)
}

// An App is an application server: it reads through a cache of its region, and writes as its [Strategy] says. It does
// one call at a time, unless it serves [ConcurrentUsers].
type App struct {
	h     *cluster.Host
	store Store
	db    db
	tier  tier

	flight singleflight.Group // of reads that share loads
	users  int                // at a time
	key    keyed.Key          // of its draws
	turn   int
}

// A db is the database as an application sees it.
type db interface {
	// load reads a row, from a replica if behind is set.
	load(ctx context.Context, key string, behind bool) (row, error)

	// next gives a key its next version.
	next(ctx context.Context, key string) (row, error)

	// loads returns when a row was read.
	loads(ctx context.Context, key string) ([]time.Duration, error)

	close() error
}

// A row is a version of a key, and when the database gave it out.
type row struct {
	version int
	made    time.Duration
}

func newApp(h *cluster.Host, s Store, d db, t tier) *App {
	return &App{h: h, store: s, db: d, tier: t, users: 1, key: keyed.New(h.Rand().Uint64())}
}

// Do does what the op says; see [model.CacheOp].
func (a *App) Do(ctx context.Context, op model.CacheOp) (model.Copy, error) {
	a.turn++
	switch op.F {
	case "read":
		return a.readFor(ctx, op.Key)
	case "write":
		return a.write(ctx, op.Key)
	case "peek":
		e, err := a.tier.peek(ctx, op.At, op.Key)
		return model.Copy{Version: e.row.version, Made: e.row.made, Missing: !e.hit, From: op.At}, err
	case "loads":
		at, err := a.db.loads(ctx, op.Key)
		return model.Copy{LoadedAt: at}, err
	}
	return model.Copy{}, fmt.Errorf("cachekv does not know %q", op.F)
}

// Close ends the application server, and cancels its delayed deletes.
func (a *App) Close() error { return errors.Join(a.tier.close(), a.db.close()) }
