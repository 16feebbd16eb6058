package engine

import (
	"os"
	"runtime/debug"
)

// collectPercent is how much a heap grows in a run before the garbage collector runs, in percent of what was in use after it ran
// last. A run makes much garbage and keeps little.
const collectPercent = 800

// collectSeldom has the garbage collector run less often, until restore is called: unless the environment's GOGC or the program
// says how often it is to run.
func collectSeldom() (restore func()) {
	const byDefault = 100
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(collectPercent)
	if before != byDefault {
		debug.SetGCPercent(before)
		return func() {}
	}
	return func() { debug.SetGCPercent(before) }
}
