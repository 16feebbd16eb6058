package systems

import (
	"fmt"
	"slices"
	"strings"
)

// crashing are the presets after which nodes restart without what was not synced. They show a lie of a disk.
var crashing = []string{
	"crash", "blackouts", "kill-majority", "rolling-restart", "straggler", "reshuffle", "worst-moment", "power-cuts", "rotting-disk", "swarm", "all", "disk-stall",
}

// DiskWarning warns of a list of presets, as [FindNemesis] takes it, that are harmless alone and together break the promise of any disk:
// fsyncs lie, and crashes take what was acknowledged. A system that relies on its fsyncs may lose writes then without a bug of its own.
// It is empty if the list has no such pair.
func DiskWarning(list string) string {
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		names = append(names, strings.TrimSpace(name))
	}
	for _, lying := range []string{"write-cache", "lying-disk"} {
		i := slices.IndexFunc(names, func(n string) bool { return slices.Contains(crashing, n) })
		if i >= 0 && slices.Contains(names, lying) {
			return fmt.Sprintf("%s has fsyncs lie, and %s crashes nodes: together they break what any disk promises, so that an invalid run need not be "+
				"a bug of the system (docs/reference/faults.md)", lying, names[i])
		}
	}
	return ""
}
