// Package engine runs one seed of a test: it boots the cluster in a bubble of virtual time,
// has the clients and the nemesis at work, heals what the nemesis did, and records all
// operations. It judges nothing: [Run] takes a [Config] and returns a [Record], and package
// capsize makes the one of a Test and a Result of the other.
//
//	engine.go      the phases of a run, and the recording
//	client.go      the clients: when they invoke what, and what becomes of it
//	arrivals.go    the clients of an open load: requests arrive whether or not earlier ones were answered
//	spans.go       what hosts record beside the calls of clients, and where calls wait that never end
//	faults.go      the plan: faults are injected and healed
//	isolate.go     the phase after the faults: the nodes that must make progress
//	converge.go    the digests that the nodes of a [cluster.Converger] must agree on
//	watchdog.go    the view from outside of the bubble: runs that can't go on, or hang
//	breakpoint.go  the instant at which a run is to stop
//	snapshot.go    what goes on at an instant
//	turn.go        one run at a time
package engine
