// Package servers runs public servers, as they are, on the hosts of a cluster: one small main function each, and a client that asks it.
//
// Its tests say of each whether it runs, whether two fresh processes have the same history and the same logs, and whether it serves
// again after a crash and a boot.
//
// It needs the deterministic runtime of "capsize test". In a stock build its tests skip.
//
// The package is a module of its own, so that Capsize does not depend on those servers.
package servers
