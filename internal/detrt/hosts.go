package detrt

import "time"

// A Host is one life of a host of a bubble. A goroutine belongs to the host of the one that started it, and a timer of package
// time to the host of the goroutine that made it, as does the goroutine of [time.AfterFunc]. Who has died never acts for the
// next life, since that is another Host. The zero value is the world: what belongs to no host.
//
// All of this needs the overlay, and a bubble. Otherwise there is only the world.
type Host uint32

// World is the host of what belongs to none.
const World Host = 0

// A State says whether the goroutines of a host run.
type State uint32

// The states of a host.
const (
	Up     State = iota
	Paused       // as SIGSTOP does it: goroutines and timers wait, and are late when the host goes on
	Dead         // as a power cut does it: no goroutine runs any more, nor any deferred call; this state is final
)

// NewHost begins a life of a host. The runtime prints its name with the stacks of its goroutines.
func NewHost(name string) Host {
	if !Active() {
		return 0
	}
	return Host(hooks.host(name))
}

// Enter makes the running goroutine one of the host, and those that it starts from now on. It returns whose it was.
func (h Host) Enter() (was Host) {
	if !Active() {
		return 0
	}
	return Host(hooks.enter(uint32(h)))
}

// noHost is a number that no host has.
const noHost = ^uint32(0)

// Current returns the host of the running goroutine.
func Current() Host {
	if !Active() {
		return 0
	}
	return Host(hooks.enter(noHost)) // enters none
}

// Set sets the state of the host. It is called by a goroutine of the world while all others of the bubble are blocked: one that is
// held in the middle of its work may hold a lock that others need.
func (h Host) Set(s State) {
	if h != 0 && Active() {
		hooks.state(uint32(h), uint32(s))
	}
}

// Count returns how many goroutines a host has, and how many of them could run if it were up.
func (h Host) Count() (goroutines, held int) {
	if Active() {
		goroutines, held, _ = hooks.count(uint32(h))
	}
	return goroutines, held
}

// Readings returns how often goroutines of the host have asked package time for the time.
func (h Host) Readings() (n uint64) {
	if Active() {
		_, _, n = hooks.count(uint32(h))
	}
	return n
}

// SetClock sets what goroutines of the host know of time by package time: their time of day is ahead of that of the bubble, and
// the oscillator, by which timers and monotonic readings go, gains so many billionths from now on. A step of the time of day
// does not show between two monotonic readings, and timers keep the rate at which they were set.
func (h Host) SetClock(ahead time.Duration, gain int64) {
	if h != 0 && Active() {
		hooks.clock(uint32(h), int64(ahead), gain)
	}
}

// Since returns how much time of the world has passed since an instant that [Now] returned.
func Since(start time.Time) time.Duration { return Now().Sub(start) }

// Now returns the time of the world, whatever the clock of the running goroutine's host says.
func Now() time.Time {
	if !Active() {
		return time.Now()
	}
	return time.Unix(0, hooks.now())
}

// LockWaits returns how many goroutines of the bubble wait for locks, without those of dead hosts, and since when the first of
// them does.
func LockWaits() (waiting int, since time.Time) {
	if !Active() {
		return 0, time.Time{}
	}
	n, at := hooks.locks()
	return n, time.Unix(0, at)
}
