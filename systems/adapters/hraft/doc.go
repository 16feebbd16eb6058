// Package hraft runs hashicorp/raft, unmodified, on the hosts of a cluster, and has a key-value store on it.
//
// For a system of your own it has what raft asks for: its log, its votes and its snapshots on the host's disk ([Disk]), a network
// of the host's connections ([Listen]) and a logger that writes to the host's log ([Logger]). Raft keeps its own timeouts.
//
// [Store] is a store with seven mistakes that users of raft make, off by default: reads without Barrier and VerifyLeader, an
// acknowledgement before the future of Apply is done, a state machine that asks its own clock. docs/reference/bugs.md says
// which seeds find each.
//
// A seed repeats a run under "capsize test". In a stock build it does not: raft draws its timeouts in goroutines that run
// in any order, and selects among several ready cases.
//
// The package is a module of its own, so that Capsize does not depend on raft.
package hraft
