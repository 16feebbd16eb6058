// Package grpckv is a key-value store over gRPC, unmodified, as one writes it first: connections that are kept and come back
// by themselves, a stream of changes from the primary to its followers, a retry policy in the service config and the
// round_robin balancer.
//
// Node n1, the primary, has the data. The other nodes follow it by a stream each, and answer reads from their copies once
// these are known to be complete. Clients write to the primary and read from any node. [Store] has
// mistakes that users of gRPC make, off by default; docs/reference/bugs.md says which seeds find each.
//
// A seed repeats a run under "capsize test". In a stock build it does not: gRPC draws its backoff from the global source of
// math/rand/v2, and it matters which of its goroutines runs first.
//
// The package is a module of its own, so that Capsize does not depend on gRPC.
package grpckv
