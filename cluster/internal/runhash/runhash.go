// Package runhash is a hash of all that happens in a cluster. Two runs with equal hashes are equal.
package runhash

import "time"

// An Event says what happened. Beside the kind that is 0 it is one of the first
// block; beside kinds that cross the network it is a loss, Doubled or Damaged.
// The numbers reach the hash: they stay as they are.
type Event uint8

// The events.
const (
	Boot Event = iota
	Crash
	Inject
	Heal
	Role
	HealAll
	MembersWanted
	MembersAdopted
	DiskFull
	DiskError
	SyncError
	SyncLie
	Misdirect
	ReadOnly
	Name

	Doubled Event = 6 // of a message or segment
	Damaged Event = 7 // of a message or segment
)

var effects = map[Event]string{
	DiskFull: "no space", DiskError: "an operation failed", SyncError: "a sync failed",
	SyncLie: "a sync did nothing", Misdirect: "a write went elsewhere", ReadOnly: "read-only",
}

// DiskEffect says what a fault did to an operation of a disk; "" for any other event.
func (e Event) DiskEffect() string { return effects[e] }

// A Hash is the hash so far.
type Hash uint64

// Add adds something that happened at an instant to a machine, and to another one unless that is negative.
func (h *Hash) Add(at time.Duration, machine, other int, kind uint8, what Event) {
	x := uint64(at)<<20 ^ uint64(machine)<<8 ^ uint64(kind)<<4 ^ uint64(what)
	if other >= 0 {
		x ^= uint64(other+1) << 54
	}
	x = (x ^ uint64(*h)) * 0x9e3779b97f4a7c15
	*h = Hash(x ^ x>>32)
}
