package main

import (
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/cache/cachekv"
	"github.com/capsize-go/capsize/systems/cache/cdn"
	"github.com/capsize-go/capsize/systems/cache/localcache"
	"github.com/capsize-go/capsize/workloads"
)

// underBoth returns the searches of a test under the faults that it has, and under the portfolio.
func underBoth(id, label string, test capsize.Test) []search {
	all := test
	all.Nemesis = nemesis.Portfolio(unit)
	whole := made(id, portfolio, func() capsize.Test { return all })
	whole.Portfolio = true
	return []search{made(id, label, func() capsize.Test { return test }), whole}
}

// caches are the systems of systems/cache.
func caches() []bug {
	var list []bug
	add := func(system, name, does, label string, test capsize.Test) {
		b := bug{System: system, Name: name, Does: does, Precedent: precedents[system+"/"+name]}
		b.Searches = underBoth(b.id(), label, test)
		list = append(list, b)
	}
	for _, x := range cdnBugs() {
		add("cdn", x.name, x.does, "one cut off", cdnTest(x.change, x.checker))
	}
	for _, x := range strategies() {
		add("cachekv", x.name, x.does, "latency", cachekvTest(x.strategy))
	}
	add("localcache", "late-fill", "a load that has read the old row fills the cache after a write dropped it", "none",
		localcacheTest(localcache.Store{Cache: localcache.LRU}, 2))
	add("localcache", "late-fill-coalesced", "a read after a write joins a load that began before it", "none",
		localcacheTest(localcache.Store{Cache: localcache.Singleflight}, 2))
	add("localcache", "other-servers", "a write drops the copy of its own server alone", "none",
		localcacheTest(localcache.Store{Cache: localcache.Leased}, 3))
	add("localcache", "lagging-replica", "misses load from a replica that is a second behind", "none",
		localcacheTest(localcache.Store{Lag: time.Second}, 2))
	add("localcache", none, "leases", "none", localcacheTest(localcache.Store{Cache: localcache.Leased}, 2))
	return list
}

type cdnBug struct {
	name, does string
	change     func(s *cdn.Stack)
	checker    checker.Checker
}

// cdnBugs are the mistakes of caches, and ways to purge them that leave something stale.
func cdnBugs() []cdnBug {
	names, docs := cdn.Bugs.Names()
	does := map[string]string{}
	for i, name := range names {
		does[name] = docs[i]
	}
	personal := func(control string, bug cdn.Bug) func(*cdn.Stack) {
		return func(s *cdn.Stack) {
			s.Origin.Personal, s.Origin.Vary, s.Origin.Control, s.Bugs = true, "Cookie", control, bug
		}
	}
	fresh := freshness.New(freshness.Promise{})
	purge := func(p cdn.Purge) func(*cdn.Stack) { return func(s *cdn.Stack) { s.Purge = p } }
	return []cdnBug{
		{"ignore-age", does["ignore-age"], func(s *cdn.Stack) { s.Bugs, s.Origin.Control = cdn.IgnoreAge, "max-age=5" }, freshness.MaxAgeExceeded()},
		{"ignore-vary", does["ignore-vary"], personal("max-age=30", cdn.IgnoreVary), freshness.CrossUser()},
		{"store-private", does["store-private"], personal("private", cdn.StorePrivate|cdn.IgnoreVary), freshness.CrossUser()},
		{"coalesce-private", does["coalesce-private"], personal("private", cdn.CoalescePrivate|cdn.IgnoreVary), freshness.CrossUser()},
		{"no-epoch", does["no-epoch"], func(s *cdn.Stack) { s.Bugs = cdn.NoEpoch }, fresh},
		{"ack-on-send", "a purge is acknowledged when it was sent", purge(cdn.Purge{AckOnSend: true}), fresh},
		{"outside-in", "a purge goes to the outer caches first, which then load from an inner one what it has still", purge(cdn.Purge{OutsideIn: true}), fresh},
		{"forgotten-shield", "a purge does not go to the shield", purge(cdn.Purge{Forgets: "shield"}), fresh},
		{none, "purges from the inside out, acknowledged when done", func(*cdn.Stack) {}, fresh},
	}
}

func cdnTest(change func(s *cdn.Stack), c checker.Checker) capsize.Test {
	s := cdn.CDN()
	change(&s)
	w := workloads.Copies(s.Open, workloads.CacheLoad{Keys: 3, Writers: 3, Every: 5, Writes: 20, As: []string{"ann", "bob"}})
	w.Checker = c
	return capsize.Test{System: s, Workload: w, Nodes: s.Nodes(), Clients: 10, Rate: 60,
		Duration: 15 * time.Second, Nemesis: nemesis.Every(10*time.Second, nemesis.Partitions(nemesis.One))}
}

type strategyBug struct {
	name, does string
	strategy   cachekv.Strategy
}

// strategies are ways to keep a cache consistent with its database that do not.
func strategies() []strategyBug {
	return []strategyBug{
		{"cache-aside", "a read that misses fills the cache with what it loaded before a write deleted the copy", cachekv.Strategy{}},
		{"set-after", "a write changes the database and then replaces the copy, with another write in between", cachekv.Strategy{Write: cachekv.SetAfter}},
		{"delete-before", "a write deletes the copy before it changes the database", cachekv.Strategy{Write: cachekv.DeleteBefore}},
		{"let-expire", "a write leaves the copy", cachekv.Strategy{Write: cachekv.LetExpire}},
		{"load-from-replica", "a read that misses loads from a replica, which is behind", cachekv.Strategy{FromReplica: true}},
		{"lost-delete", "a delete of ten is lost on its way to the cache, and the write acknowledged", cachekv.Strategy{Lose: 0.1}},
		{"delayed-double-delete", "a write deletes the copy before and half a second after it", cachekv.Strategy{Write: cachekv.DeleteBefore, Again: 500 * time.Millisecond}},
		{none, "leases", cachekv.Strategy{Guard: cachekv.Leased}},
	}
}

func cachekvTest(s cachekv.Strategy) capsize.Test {
	store := cachekv.Store{Strategy: s, TTL: 5 * time.Second, Slow: 20 * time.Millisecond}
	const run = 20 * time.Second
	return capsize.Test{System: store, Nodes: store.Nodes(), Clients: 8, Rate: 80, Duration: run,
		Nemesis:  nemesis.At(time.Millisecond, run, nemesis.Latency(10*time.Millisecond, cluster.LongTail)),
		Workload: workloads.Copies(store.Open, workloads.CacheLoad{Every: 12, Writes: 10})}
}

func localcacheTest(s localcache.Store, nodes int) capsize.Test {
	return capsize.Test{System: s, Workload: workloads.Copies(s.Open, workloads.CacheLoad{Keys: 2}), Nodes: nodes, Duration: 10 * time.Second}
}
