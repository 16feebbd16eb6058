// Package balancing has the scenarios of load balancers: who gets the requests when a backend fails, when the health checks do, and when the set of backends changes.
package balancing

import "github.com/capsize-go/capsize/scenarios"

// All lists the scenarios of this package, by name.
func All() []scenarios.Scenario {
	return []scenarios.Scenario{
		LBAffinity(),
		LBHealth(),
		LBResize(),
		LBSinkhole(),
	}
}
