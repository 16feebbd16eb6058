// Package detrt drives the deterministic runtime that [overlay] makes. Without it nothing here does anything, and
// [Active] reports false: one source fits both builds, and there is no build tag.
//
// [overlay]: https://pkg.go.dev/github.com/capsize-go/capsize/internal/overlay
package detrt

import (
	"runtime"
	_ "unsafe" // for go:linkname
)

// hooks is filled in by package runtime if the program was built with the overlay: the runtime then defines a
// variable of this linker name with contents, and the linker takes that one.
//
//go:linkname hooks
var hooks struct {
	set   func(seed, kind, every uint64)
	stats func() (steps, points, hash uint64)
	trace func([]uint64)
	host  func(name string) uint32
	enter func(host uint32) uint32
	state func(host, state uint32)
	count func(host uint32) (goroutines, held int, readings uint64)
	clock func(host uint32, ahead, gain int64)
	now   func() int64
	locks func() (waiting int, since int64)
	id    func() string
	quiet func(on bool)
}

// A Schedule says which goroutine of a bubble runs next.
type Schedule struct {
	Kind  Kind
	Every uint64 // of so many points one is a switch, or lowers a priority; 0: none
}

// A Kind of schedule.
type Kind uint64

// The kinds of schedules.
const (
	FirstCome  Kind = iota // in the order in which goroutines became ready
	Random                 // any that is ready
	Priorities             // the one with the highest priority, which is drawn when a goroutine starts
	Stalls                 // any that is ready, and at a point one may stand still while time passes
)

// Active reports whether the program has a deterministic runtime.
func Active() bool { return hooks.set != nil }

// Set sets the seed and the schedule of the next bubble.
func Set(seed uint64, s Schedule) {
	if Active() {
		hooks.set(seed, uint64(s.Kind), s.Every)
	}
}

// Stats describes the decisions of a bubble.
type Stats struct {
	Steps  uint64 // how often another goroutine was chosen
	Points uint64 // how many points were passed at which that could be
	Hash   uint64 // of all decisions
}

// Read returns what the bubble of the caller has decided so far.
func Read() (s Stats) {
	if Active() {
		s.Steps, s.Points, s.Hash = hooks.stats()
	}
	return s
}

// ID names the overlay that the program was built with; "" is none.
func ID() string {
	if !Active() {
		return ""
	}
	return hooks.id()
}

// Version returns the version of Go, with the ID of the overlay behind it: go1.26.8+det.015f961b90ea.
func Version() string {
	if Active() {
		return runtime.Version() + "+det." + ID()
	}
	return runtime.Version()
}

// Trace takes the decisions of the next bubbles: four words for each, the instant, the address of the go
// statement that started the goroutine, its number by birth, and how many were ready in the upper half with which of them it was. Those for
// which there is no room are lost; nil takes none.
func Trace(words []uint64) {
	if Active() {
		hooks.trace(words)
	}
}

// Quietly calls f, in which the schedule stops the current goroutine at no point: for what the harness does for
// itself, which must not make another run of it.
func Quietly(f func()) {
	if !Active() {
		f()
		return
	}
	hooks.quiet(true)
	defer hooks.quiet(false)
	f()
}

// Mix is how the runtime folds decisions into [Stats.Hash]: the hash so far, exclusive or the instant and the choice.
func Mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
