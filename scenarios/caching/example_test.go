package caching_test

import (
	"fmt"

	"github.com/capsize-go/capsize/scenarios/caching"
)

func ExampleAll() {
	for _, s := range caching.All() {
		fmt.Println(s.Name + ": " + s.Question)
	}
	// Output:
	// cache-herd: how often is the database asked for what a thousand users want, when the copy has expired?
	// cache-negative: what does it cost to cache that the database has no such key (negative caching)?
	// cache-refresh: does a row that a write has put into a cache survive a refresh that was asked for before the write?
	// cache-regions: how long does a cache in another region hold what has been replaced?
	// cache-stale-fill: can a slow load bring back what a write has just removed from a cache?
	// cache-strategies: which ways of keeping a shared cache in step with the database serve what an acknowledged write has replaced?
	// cdn-purge: when a purge is acknowledged, when is the last stale byte served?
	// cdn-vary: does any user get an answer that was made for another one?
	// five-layers: how old can an answer be that has gone through five caches, and how does one get it out of all of them?
}
