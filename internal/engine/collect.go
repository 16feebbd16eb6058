package engine

import (
	"os"
	"runtime/debug"
)

// How much a heap grows in a run before the garbage collector runs, in percent of what was in use after it ran last. A run makes much
// garbage and keeps little, but a long one keeps its history: then memory that the heap has not used before costs more than collecting, since
// the operating system must clear each page of it.
const (
	collectPercent = 800
	leastPercent   = 200
	shortRun       = 32_000 // ops of a history, up to which collectPercent holds; longer ones get proportionally less
)

// percentFor returns the percentage for a run that is expected to record a number of ops.
func percentFor(ops int) int {
	return max(leastPercent, collectPercent*shortRun/max(ops, shortRun))
}

// collectSeldom has the garbage collector run less often in a run that is expected to record a number of ops, until restore is
// called: unless the environment's GOGC or the program says how often it is to run.
func collectSeldom(ops int) (restore func()) {
	const byDefault = 100
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(percentFor(ops))
	if before != byDefault {
		debug.SetGCPercent(before)
		return func() {}
	}
	return func() { debug.SetGCPercent(before) }
}
