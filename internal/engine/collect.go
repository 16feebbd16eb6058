package engine

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
)

// collectAt is how much the heap grows from one collection to the next during a run, in percent of what is live. A run makes
// much garbage and keeps little, so that collections cost more than the memory that they save.
const collectAt = 800

// CollectLess has the garbage collector run less often until restore is called. It changes nothing if GOGC is set in the environment, or if
// the program itself has set it higher, or off.
func CollectLess() (restore func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	now := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	if metrics.Read(now); now[0].Value.Kind() != metrics.KindUint64 || now[0].Value.Uint64() >= collectAt {
		return func() {}
	}
	before := debug.SetGCPercent(collectAt)
	return func() { debug.SetGCPercent(before) }
}
