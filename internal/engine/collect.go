package engine

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"testing/synctest"
)

// How much a heap grows in a run before the garbage collector runs, in percent of what was in use after it ran last. A run makes much
// garbage and keeps little, but a long one keeps its history: then memory that the heap has not used before costs more than collecting, since
// the operating system must clear each page of it.
const (
	collectPercent = 800
	leastPercent   = 200
	shortRun       = 32_000 // ops of a history, up to which collectPercent holds; longer ones get proportionally less
	smallHeap      = 4 << 20
	restsBetween   = 256 // looks at the heap
)

// percentFor returns the percentage for a run that is expected to record a number of ops.
func percentFor(ops int) int {
	return max(leastPercent, collectPercent*shortRun/max(ops, shortRun))
}

// A collector has garbage collected while a run is at rest: all goroutines of its bubble are blocked. The collector of Go works beside
// the program, which it slows down as long as that takes, and most where both share one processor. At rest there is none to slow down.
type collector struct {
	percent int // 0: none of it is done
	rests   atomic.Uint32
	found   []metrics.Sample // of what is in use, and of what was after the last collection
}

// collectSeldom has the garbage collector run less often in a run that is expected to record a number of ops, until restore is
// called: unless the environment's GOGC or the program says how often it is to run. The collector is for that run.
func collectSeldom(ops int) (c *collector, restore func()) {
	const byDefault = 100
	c = &collector{found: []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}}
	if os.Getenv("GOGC") != "" {
		return c, func() {}
	}
	percent := percentFor(ops)
	before := debug.SetGCPercent(2 * percent) // for what allocates much without a rest
	if before != byDefault {
		debug.SetGCPercent(before)
		return c, func() {}
	}
	c.percent = percent
	return c, func() { debug.SetGCPercent(before) }
}

// onlyAtRest leaves the work to Go's collector as long as ok is false.
func (c *collector) onlyAtRest(ok bool) {
	if c.percent > 0 && !ok {
		debug.SetGCPercent(c.percent)
		c.percent = 0
	}
}

// wait waits until all other goroutines of the bubble are blocked, and then collects garbage if there is enough.
func (c *collector) wait() {
	synctest.Wait()
	if c.percent > 0 && c.rests.Add(1)%restsBetween == 0 && c.due() {
		runtime.GC()
	}
}

// due reports whether the heap has grown by the percentage.
func (c *collector) due() bool {
	metrics.Read(c.found)
	used, live := c.found[0].Value.Uint64(), c.found[1].Value.Uint64()
	return used > max(live, smallHeap)/100*uint64(100+c.percent)
}
