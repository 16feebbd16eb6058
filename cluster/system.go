// Package cluster runs the nodes of a system under test in one process, on a network, disks and clocks that a test controls.
//
// A system is ordinary Go code with one method, [System.Run], that is given a [Host], its only access to the simulation. A host
// has two seams. Code that needs net.Conn, net.Listener and net.PacketConn finds them in [Host.DialContext], [Host.Listen] and
// [Host.ListenPacket]; net/http, net/rpc and memberlist run over these unmodified. Code that is written for speed is an
// event-driven state machine on [Host.Handle], [Host.Send] and [Host.AfterFunc]: then a delivery is a function call and no
// goroutine wakes.
//
// # Time
//
// A cluster lives in a bubble of testing/synctest, where time passes only when all goroutines are blocked, and then jumps to
// the next event. Each host acts at instants of its own: all its events have the same phase within their microsecond, and no
// two hosts share one. So two hosts never act in the same nanosecond, and virtual time orders all that happens.
package cluster

import (
	"context"
	"fmt"
	"time"
)

// A System is the software that every node of a cluster runs.
type System interface {
	// Run runs one node on h until ctx is done. A cancelled ctx is a crash: the host's connections are cut, its handler and
	// timers are gone, and what it had not synced to disk is lost. After a restart, Run is called again on the host with what
	// is durable on its disk. A Run that returns before ctx is done is a finding.
	Run(ctx context.Context, h *Host) error
}

// An EventDriven system promises that its nodes and clients use the message seam alone: handlers, timers, calls and contexts of
// their [Host], and never package time, connections or channels between goroutines of their own. Its cluster then runs faster
// by half, since the clock of the bubble need not follow every event; it may be behind by a tenth of a second.
type EventDriven interface {
	System
	EventDriven()
}

// An Electing system says how long it takes to find out that a leader is gone. The bounds that a test holds it to after the
// faults derive from that.
type Electing interface {
	System
	// ElectionTimeout is the longest that a node waits before it stands for election.
	ElectionTimeout() time.Duration
}

// A Converger is a system whose replicas come to hold the same state once no client writes any more. A test holds it to that
// after the faults: when the clients have stopped, the digests of all nodes that must make progress must agree within the bound
// that progress has. A history can't show a replica that stays behind for ever, as long as no client reads from it.
type Converger interface {
	System
	// Digest asks a node, from a client's host, for a digest of what it holds itself: two are the same if the states are, and
	// differ if they do.
	Digest(ctx context.Context, h *Host, node string) (string, error)
}

// A Paced system says how long it takes to notice that a node is gone: about its election timeout. Plans of faults are scaled
// to it.
type Paced interface {
	System
	Pace() time.Duration
}

// Pace returns the pace of a system: a second for one that is not [Paced].
func Pace(s System) time.Duration {
	if p, ok := s.(Paced); ok {
		return p.Pace()
	}
	return time.Second
}

// lag returns how far the bubble's clock may be behind.
func lag(s System) time.Duration {
	if _, ok := s.(EventDriven); ok {
		return 100 * time.Millisecond
	}
	return 0
}

// Func is a function used as a [System].
type Func func(ctx context.Context, h *Host) error

// Run calls f.
func (f Func) Run(ctx context.Context, h *Host) error { return f(ctx, h) }

// A FindingKind says what the host of a [Finding] did: "panicked". The zero value stands for any misbehaviour of user code that
// has no kind of its own.
type FindingKind string

// The kinds of findings.
const (
	Panicked   FindingKind = "panicked"
	Hung       FindingKind = "hung"
	Leaked     FindingKind = "left goroutines behind"
	Ended      FindingKind = "came to an end"
	Exited     FindingKind = "exited"             // a program of [Program]
	BrokenMark FindingKind = "broke an assertion" // by [Host.Always] or [Host.Unreachable]

	// Stalled means that no virtual time passed for long enough on the machine that runs the test. How long that is depends on
	// the machine's load, so such a finding makes a run unknown, while all others make it invalid.
	Stalled FindingKind = "stood still"
)

// A Finding is misbehaviour of user code: a panic, a node that returned from Run, a goroutine that outlived its host, an
// assertion that did not hold.
type Finding struct {
	Kind  FindingKind
	Host  string        // where it happened; empty if it belongs to no host
	At    time.Duration // of virtual time, when it was seen; 0 if that is not known
	What  string        // one sentence
	Stack string        // of the goroutine, where there is one
}

// Headline says in a few words which host did what: "n2 panicked".
func (f Finding) Headline() string {
	who, did := f.Host, string(f.Kind)
	if who == "" {
		who = "the run"
	}
	if did == "" {
		did = "misbehaved"
	}
	return who + " " + did
}

// String formats the finding on one line, without its stack.
func (f Finding) String() string {
	if f.Host == "" {
		return f.What
	}
	return fmt.Sprintf("%s: %s", f.Host, f.What)
}
