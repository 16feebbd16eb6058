// Command capsize-scenarios is the command capsize with the scenarios in it: capsize scenario and capsize cap run it.
// It is a command of its own because it needs memberlist and the libraries of caches, which take longer to build than
// all that capsize run needs.
//
// What memberlist draws is drawn from the run's seed: see package gossip.
//
//go:debug randseednop=0
package main

import (
	"slices"
	"strings"

	"github.com/capsize-go/capsize/internal/cli"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/caching"
	"github.com/capsize-go/capsize/scenarios/replication"
	"github.com/capsize-go/capsize/scenarios/resilience"
)

func main() { cli.Main(&cli.Scenarios{All: all(), Grid: replication.Grid}) }

// all lists the scenarios of all packages, by name.
func all() []scenarios.Scenario {
	all := slices.Concat(replication.All(), caching.All(), resilience.All())
	slices.SortFunc(all, func(a, b scenarios.Scenario) int { return strings.Compare(a.Name, b.Name) })
	return all
}
