// Package ringkv is a key-value store whose nodes find each other by hashicorp/memberlist as its documentation says: with its own
// intervals, and without the fences of package gossip.
//
// Each key has an owner, by rendezvous hashing over the nodes that the store was configured with. A node passes on to the owner
// what it is asked, and refuses at once while memberlist takes the owner for dead. [Store] has mistakes that users of memberlist
// make, off by default; docs/reference/bugs.md says which seeds find each.
//
// A seed repeats a run under "capsize test". In a stock build it does not: memberlist draws from the global source of math/rand
// in goroutines that its tickers wake at one instant.
package ringkv
