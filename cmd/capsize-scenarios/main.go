// Command capsize-scenarios is the command capsize with the scenarios in it: capsize scenario, cap and isolation run it.
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
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/caching"
	"github.com/capsize-go/capsize/scenarios/isolation"
	"github.com/capsize-go/capsize/scenarios/replication"
	"github.com/capsize-go/capsize/scenarios/resilience"
)

func main() {
	cli.Main(&cli.Scenarios{All: all(), Grids: map[string]func(scenarios.Scenario, []scenarios.Row) report.Grid{
		"cap": replication.Grid, "isolation": isolation.Grid,
	}})
}

// all lists the scenarios of all packages, by name.
func all() []scenarios.Scenario {
	all := slices.Concat(replication.All(), caching.All(), resilience.All(), isolation.All())
	slices.SortFunc(all, func(a, b scenarios.Scenario) int { return strings.Compare(a.Name, b.Name) })
	return all
}
