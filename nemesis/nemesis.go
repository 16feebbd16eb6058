// Package nemesis decides which faults are injected into a cluster, and when.
//
// A [Fault] knows how to inject itself and how to heal. The times are data: a
// [Nemesis] makes a [Plan] from a seed, and a plan can be
// printed, kept as JSON, replayed, and minimised. What a fault chooses, such as
// its nodes, is drawn from the seed and the ID of its step. So a plan without one
// of its steps leaves the choices of all others as they were.
package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
)

// A Fault is one thing that can go wrong and be put right. A fault that is to be
// kept in a plan as JSON is made with [New] or by one of the functions here.
type Fault interface {
	// Inject starts the fault and returns the function that ends it, which may be
	// called at any later time, and is called once. What the fault chooses it
	// draws from r. The description says what was chosen: "n2 | n1 n3".
	Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (desc string, heal func(), err error)
	// String names the fault and its parameters: "partition halves".
	String() string
}

// A Step is one line of a plan: a fault that is active from an instant on, for a
// duration.
type Step struct {
	ID    int           // draws what the fault chooses; unique in a plan
	At    time.Duration // since the faults of a run begin
	For   time.Duration
	Fault Fault
}

// Rand returns the generator that the step's fault draws from.
func (s Step) Rand(seed uint64) *rand.Rand {
	return keyed.New(seed, "fault").Int(int64(s.ID)).Rand()
}

// Inject injects the step's fault, with the choices that seed draws for it.
// Its effects are attributed to the [Kind] of the fault.
func (s Step) Inject(ctx context.Context, c *cluster.Cluster, seed uint64) (desc string, heal func(), err error) {
	i, err := s.Begin(ctx, c, seed)
	return i.Desc, i.Heal, err
}

// A Nemesis plans which faults happen and when.
type Nemesis interface {
	// Plan returns the steps that begin within d, in order. It draws from the
	// seed alone.
	Plan(seed uint64, d time.Duration) Plan
	// String describes the nemesis on one line.
	String() string
}

// None is the nemesis without faults.
var None Nemesis = Plan(nil)

// Every injects one of the faults again and again, drawn anew each time:
// about once in each interval, and for about half of it.
func Every(interval time.Duration, faults ...Fault) Nemesis { return every{interval, faults} }

type every struct {
	interval time.Duration
	faults   []Fault
}

// Interval returns the time from one fault to the next. A run that is shorter reports that it
// had no faults for this reason.
func (e every) Interval() time.Duration { return e.interval }

func (e every) String() string {
	return fmt.Sprintf("every %v: %s", e.interval, oneOf(e.faults))
}

// Plan makes one step in each interval, with a start and a length between a quarter and a
// half of it, so that steps never overlap.
func (e every) Plan(seed uint64, d time.Duration) Plan {
	if e.interval <= 0 || len(e.faults) == 0 {
		return nil
	}
	var p Plan
	key := keyed.New(seed, "every")
	for i := 0; ; i++ {
		k := key.Int(int64(i))
		quarter := int64(e.interval / 4)
		s := Step{
			ID:    i + 1,
			At:    time.Duration(i)*e.interval + micros(k.With("after").Range(quarter, 2*quarter)),
			For:   micros(k.With("for").Range(quarter, 2*quarter)),
			Fault: e.faults[k.With("which").Range(0, int64(len(e.faults)))],
		}
		if s.At >= d {
			return p
		}
		p = append(p, s)
	}
}

// micros rounds to whole microseconds, in which plans are written.
func micros(ns int64) time.Duration { return time.Duration(ns).Truncate(time.Microsecond) }

// At injects a fault once.
func At(t, length time.Duration, f Fault) Nemesis {
	return Plan{{ID: 1, At: t, For: length, Fault: f}}
}

// Sequence injects the faults one after the other, each for length and after
// a pause as long, again and again.
func Sequence(length time.Duration, faults ...Fault) Nemesis { return sequence{length, faults} }

type sequence struct {
	length time.Duration
	faults []Fault
}

func (s sequence) String() string {
	return fmt.Sprintf("in turn, %v each: %s", s.length, list(s.faults, ", "))
}

// Plan makes one step in each second interval of the length. It draws nothing.
func (s sequence) Plan(_ uint64, d time.Duration) Plan {
	if s.length <= 0 || len(s.faults) == 0 {
		return nil
	}
	var p Plan
	for i := 0; ; i++ {
		at := time.Duration(2*i+1) * s.length
		if at >= d {
			return p
		}
		p = append(p, Step{ID: i + 1, At: at, For: s.length, Fault: s.faults[i%len(s.faults)]})
	}
}

func oneOf(faults []Fault) string { return list(faults, " or ") }

// list joins the names of faults.
func list(faults []Fault, sep string) string {
	var s string
	for i, f := range faults {
		if i > 0 {
			s += sep
		}
		s += f.String()
	}
	return s
}
