// Package replication has the scenarios of replicated stores: the CAP card of every replication scheme that ships
// with Capsize, under every kind of network cut, and reads by leases. They run over memberlist too, so this package
// needs it, and package scenarios does not.
package replication

import "github.com/capsize-go/capsize/scenarios"

// All lists the scenarios of this package, by name.
func All() []scenarios.Scenario { return []scenarios.Scenario{CAP(), LeaseReads()} }
