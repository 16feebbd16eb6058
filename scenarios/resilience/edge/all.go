// Package edge has the scenarios of what stands before services: rate limiters, API gateways, and who is let in.
package edge

import "github.com/capsize-go/capsize/scenarios"

// All lists the scenarios of this package, by name.
func All() []scenarios.Scenario {
	return []scenarios.Scenario{
		AuthRevoke(),
		GatewayAggregate(),
		GatewayRetryPost(),
		GatewayTimeouts(),
		RateLimitPartition(),
		RateLimitTruth(),
	}
}
