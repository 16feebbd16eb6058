// Package pools has the scenarios of what is held and waited for: connection pools, locks, payments that are tried again, and services that are up and do not answer.
package pools

import "github.com/capsize-go/capsize/scenarios"

// All lists the scenarios of this package, by name.
func All() []scenarios.Scenario {
	return []scenarios.Scenario{
		ExactlyOnce(),
		GrayHang(),
		LockWithoutFencing(),
		PoolFailover(),
		PoolFreeze(),
		PoolNested(),
	}
}
