// Package pool has connection pools over a simulated network: package database/sql and jackc/puddle, both over
// connections to a [Database] node that speaks a tiny protocol of its own.
//
// [Take] takes a connection out of a pool, and records it: each acquisition is a wait in the history, and each use is a
// hold. So a wait that never ends is there with the stack of its goroutine, and a connection that is never given back is
// a hold without an end.
package pool
