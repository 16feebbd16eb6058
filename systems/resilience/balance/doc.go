// Package balance is a load balancer in front of backends: who gets a request, and what the balancer does about backends that fail.
//
// Node n1 is the balancer, n2 and those that follow are the backends, and the last node is what all backends depend on, if a [Service]
// has such a thing. All of it is net/http on the network of a cluster. A [Policy] chooses the backend of each request; [Probes] look
// actively whether backends are healthy, [Ejection] judges them by what they answer users, and both say what remains when too few backends
// do. Faults have a backend fail at once, hang, or be slow, while its health endpoint answers as ever: see [FailsFast].
//
// Everything is recorded as spans of [github.com/capsize-go/capsize/model.RequestOp]: each request that the balancer passes on is an attempt
// of depth 1 at a backend, since a client sees no balancer; what a backend asks its dependency is one of depth 2. A probe span has
// what the balancer concludes of a backend, after a probe or after answers to users: Up is false if it takes it out of the rotation.
package balance
