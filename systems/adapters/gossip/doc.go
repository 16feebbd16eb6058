// Package gossip runs hashicorp/memberlist, unmodified, on the hosts of a
// cluster: SWIM membership and failure detection for systems that want it.
//
// # A fence around chance
//
// This is the one place where a library that draws from the global source of
// math/rand may run. A library should not do that in a cluster: what one node
// draws moves what all others do. Here it is fenced as well as can be:
//
//   - The source is seeded whenever a node starts, by the run's seed and the node.
//     That works only in a program or test that has the line
//
//     //go:debug randseednop=0
//
//     above its package clause; without it each run of the process draws anew.
//
//   - The intervals of a node are a prime number of nanoseconds longer than
//     memberlist's, and no two nodes have a prime in common. So their tickers,
//     which would coincide every few seconds, do not.
//
//   - Which goroutine draws first at the start of a node decides when memberlist first
//     exchanges states. So [Create] does that instead, in turn.
//
// With all three, 400 of 400 runs of three virtual minutes of five nodes, with a
// partition and a crash, had one trace: on 1, 2 and 8 processors, loaded six
// times over and under the race detector. With memberlist's own exchanges 10 of
// 20 were alike; with memberlist's own intervals, or without the seed, no two of
// 20. It is no proof: several goroutines of one node may become
// ready in the same instant, and the scheduler decides which of them draws first.
package gossip
