// Package caching has the scenarios of caches, of CDNs and of layers of caches: which ways of keeping a copy in step
// with its database serve what an acknowledged write has replaced, and for how long. They run over the libraries that
// people deploy, so this package needs these libraries, and package scenarios does not.
package caching

import "github.com/capsize-go/capsize/scenarios"

// All lists the scenarios of this package, by name.
func All() []scenarios.Scenario {
	return []scenarios.Scenario{
		CacheHerd(), CacheNegative(), CacheRefresh(), CacheRegions(), CacheStaleFill(), CacheStrategies(), CDNPurge(), CDNVary(), FiveLayers(),
	}
}
