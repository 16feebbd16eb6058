// Package resilience has the scenarios of services that call each other, and of what stands between them: retries, breakers, bulkheads, pools,
// balancers, gateways and limiters. Each shows what goes wrong beside each cure, over the libraries that people deploy.
package resilience

import "github.com/capsize-go/capsize/scenarios"

// All lists the scenarios of this package, by name.
func All() []scenarios.Scenario {
	return []scenarios.Scenario{
		Metastable(), RetryStorm(),
	}
}
