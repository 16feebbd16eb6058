// Package grpcbalance is gRPC's own client-side load balancing, outlier detection and retry throttling, unmodified: a client that
// knows all backends, and grpc.Servers on the hosts of a cluster.
//
// The clients record each request, the servers what they work for it, so that the checkers of package resilience judge it as they judge the balancer of
// package balance. The tests print the tables of docs/series/01-load-balancing.md. grpc-go draws its choices from the global source of
// math/rand/v2, so runs do not repeat byte for byte: the tests hold shares to bounds, not to digits.
//
// Outlier detection is registered by google.golang.org/grpc/xds alone, which takes most of a minute of processor time to compile. So it is behind the
// build tag xds: go test -tags xds. Without it the rows with outlier detection are skipped.
package grpcbalance
