// Package resilience has the scenarios of services that call each other, and of what stands between them.
package resilience

import "github.com/capsize-go/capsize/scenarios"

// All lists the scenarios of this package, by name.
func All() []scenarios.Scenario {
	return []scenarios.Scenario{
		ExactlyOnce(), GrayHang(), LockWithoutFencing(), PoolFailover(), PoolFreeze(), PoolNested(),
	}
}
