// Package etcd runs etcd, unmodified, on the hosts of a cluster: each node is a member by package embed, and each client is a clientv3.
//
// Nothing of etcd knows of the simulation. Its members listen, dial and keep time as in production, and their database and
// write-ahead log are files on the disk of their host, with the faults of that disk. So a crash loses what a member has not synced, a
// pause holds all its goroutines, and a cut separates it from the others: see [cluster.Program].
//
// [Store] has mistakes that users of etcd make, off by default: serializable reads where linearizable ones are needed, and the
// option UnsafeNoFsync.
//
// It needs the deterministic runtime of "capsize test". In a stock build its tests skip.
//
// The package is a module of its own, so that Capsize does not depend on etcd.
package etcd
