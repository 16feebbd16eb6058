// Package localcache is an application that keeps rows of a database in its own memory, by the libraries
// that people deploy for that, unmodified: golang-lru, x/sync's singleflight, ttlcache, ristretto and otter; and by
// two remedies that golang-lru can be given.
//
// Node n1 is the database. The others are application servers, each with a [Cache] of its own. What goes wrong is a
// race inside one of them: a load that has read the old row is still on its way when a write drops what the cache
// has, and then fills it with the old row, which stays. It is known at least since Nishtala and others, Scaling Memcache
// at Facebook (NSDI 2013), which calls it a stale set, and it is as old as caches are.
//
// A cache of your own takes part by the five methods of [Cache].
package localcache

import (
	"context"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A Store is the application with its database. The zero Store has no cache, and is fresh.
type Store struct {
	Cache func(h *cluster.Host) Cache // makes the cache of a server that boots; default [None]

	// Puts makes a write put its row into the cache. By default it drops the cached row of the key.
	Puts bool

	// Lag is how much later a write may become visible to loads, which read a replica of the database. By
	// default, they read the database.
	Lag time.Duration
}

// A Row is what the database has of a key. It is plain data: a cache may keep it as bytes.
type Row struct {
	Version int           // 1, 2, … of the key; 0 if there is no such row
	Made    time.Duration // when the database gave it out
	Load    int           // that brought it: the first, the second, … of the server; 0 if a write did
}

// Load reads the row of one key from the database.
type Load func(ctx context.Context) (Row, error)

// A Cache keeps rows in the memory of one server. Any number of goroutines may use it.
type Cache interface {
	// Get returns the row of a key, by load if the cache has none.
	Get(ctx context.Context, key string, load Load) (Row, error)

	// Invalidate drops what the cache has of a key, since the database has that version of it by now.
	Invalidate(key string, version int)

	// Set puts a row into the cache that has just been written.
	Set(key string, row Row)

	// Close ends what the cache has running. No other method is running then, or will be called.
	Close()
}

// size is how many rows a cache has room for: more than there are, as what they drop by themselves is
// not the matter here.
const size = 1000

// None is no cache: each read is a load.
func None(*cluster.Host) Cache { return none{} }

type none struct{}

func (none) Get(ctx context.Context, _ string, load Load) (Row, error) { return load(ctx) }
func (none) Invalidate(string, int)                                    {}
func (none) Set(string, Row)                                           {}
func (none) Close()                                                    {}
