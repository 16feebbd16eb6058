//go:build xds

package grpcbalance

// The outlier detection of gRPC is registered by no smaller package.
import _ "google.golang.org/grpc/xds"
