// Package resilience has the scenarios of services that call each other, of the pools and limiters that they have, and of what stands between them: what
// makes a small failure a large one, and which remedy does not. Its folders have one family each.
package resilience

import (
	"cmp"
	"slices"

	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/resilience/balancing"
	"github.com/capsize-go/capsize/scenarios/resilience/edge"
	"github.com/capsize-go/capsize/scenarios/resilience/pools"
	"github.com/capsize-go/capsize/scenarios/resilience/services"
)

// All lists the scenarios of all families, by name.
func All() []scenarios.Scenario {
	all := slices.Concat(balancing.All(), edge.All(), pools.All(), services.All())
	slices.SortFunc(all, func(a, b scenarios.Scenario) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
