// Package members has what stores ask of a failure detector that is not their own.
package members

import "github.com/capsize-go/capsize/cluster"

// A Membership decides which nodes are dead, as [gossip.Members] does by memberlist.
//
// [gossip.Members]: https://pkg.go.dev/github.com/capsize-go/capsize/systems/adapters/gossip#Members
type Membership interface {
	// Join makes the node known to the others.
	Join() error
	// Dead reports whether a node is believed to be dead.
	Dead(node string) bool
	// Shutdown ends the membership of the node.
	Shutdown() error
}

// A Watch starts the membership of a host.
type Watch func(h *cluster.Host) (Membership, error)
