// Package resilience has the scenarios of services that call each other, of the pools and limiters that they have, and of what stands between them: what
// makes a small failure a large one, and which remedy does not.
package resilience

import "github.com/capsize-go/capsize/scenarios"

// All lists the scenarios of this package, by name.
func All() []scenarios.Scenario {
	return []scenarios.Scenario{
		AuthRevoke(),
		BreakerBlastRadius(),
		Bulkhead(),
		Degradation(),
		ExactlyOnce(),
		GatewayAggregate(),
		GatewayRetryPost(),
		GatewayTimeouts(),
		GrayHang(),
		Hedging(),
		LBAffinity(),
		LBHealth(),
		LBResize(),
		LBSinkhole(),
		LoadShedding(),
		LockWithoutFencing(),
		Metastable(),
		PoolFailover(),
		PoolFreeze(),
		PoolNested(),
		RateLimitPartition(),
		RateLimitTruth(),
		RetryStorm(),
	}
}
