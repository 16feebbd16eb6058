// Package nats runs a cluster of NATS servers with JetStream, unmodified, on the hosts of a cluster, and tests its streams as logs.
//
// [JetStream] is the system: each node runs a nats-server with a store of its own, and every log is a stream with a replica on each of
// the first three. The servers listen, dial, sync and wait as in production, since [cluster.Program] answers what they ask
// of packages net, os and time. Clients are those of nats.go.
//
// Two mistakes that users of JetStream make are off by default: to leave sync_interval at its default of two minutes where the
// power of all servers may fail at once, and to publish again without a message id. The documentation of NATS describes both. Neither is a
// bug of NATS. README.md has what was measured.
//
// It needs the deterministic runtime: run its tests with "capsize test". The package is a module of its own, so that Capsize does not
// depend on NATS.
package nats
