// Package services has the scenarios of services that call each other: what makes a small failure a large one, and which remedy does not.
package services

import "github.com/capsize-go/capsize/scenarios"

// All lists the scenarios of this package, by name.
func All() []scenarios.Scenario {
	return []scenarios.Scenario{
		BreakerBlastRadius(),
		Bulkhead(),
		Degradation(),
		Hedging(),
		LoadShedding(),
		Metastable(),
		RetryStorm(),
	}
}
