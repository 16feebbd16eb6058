// Package oscillator says by how much the clock of a host is wrong, and counts as effects of a fault what that changed.
package oscillator

import (
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/effect"
	"github.com/capsize-go/capsize/internal/keyed"
)

// An Error is what is wrong with one clock by one fault.
type Error struct {
	Skew  time.Duration // by how much it is ahead from the start
	Drift float64       // what it gains, in millionths of the time that passes
	Jump  time.Duration // each Every it jumps to an error of up to Jump, ahead or behind
	Every time.Duration

	By    *effect.Tally
	Key   keyed.Key     // of the draws of its jumps
	Since time.Duration // when it began
}

// A Clock is the state of a clock that is or was wrong. It is immutable, so that it can be
// read without a lock: a change makes another one. A nil one was never wrong.
type Clock struct {
	Errors []*Error
	Lead   time.Duration // by how much former drifts have advanced the oscillator
}

func (x *Error) drift(t time.Duration) time.Duration {
	return time.Duration(x.Drift * float64(t-x.Since) / 1e6)
}

// Ahead returns by how much the error has the clock ahead at t.
func (x *Error) Ahead(t time.Duration) time.Duration {
	e := x.Skew + x.drift(t)
	if x.Jump > 0 && x.Every > 0 {
		e += time.Duration(x.Key.Int(int64((t-x.Since)/x.Every)).Range(int64(-x.Jump), int64(x.Jump)))
	}
	return e
}

// Read returns by how much the clock is ahead at t, and counts the reading as an effect.
func (k *Clock) Read(t time.Duration) (ahead time.Duration) {
	k.Count(t, 1)
	for _, x := range k.Errors {
		ahead += x.Ahead(t)
	}
	return ahead
}

// Count counts readings at t as an effect.
func (k *Clock) Count(t time.Duration, readings int64) {
	for _, x := range k.Errors {
		if e := x.Ahead(t); e != 0 {
			x.By.Add(effect.ClockRead, readings)
			x.By.Raise(effect.ClockError, max(e, -e).Microseconds())
		}
	}
}

// Monotonic returns what the oscillator has counted at t.
func (k *Clock) Monotonic(t time.Duration) time.Duration {
	if k == nil {
		return t
	}
	return t + k.Lead + k.drift(t)
}

func (k *Clock) drift(t time.Duration) (d time.Duration) {
	for _, x := range k.Errors {
		d += x.drift(t)
	}
	return d
}

// Stretch returns how long it takes the clock to count d, and counts a timer that is off as
// an effect.
func (k *Clock) Stretch(d time.Duration) time.Duration {
	if k == nil {
		return d
	}
	rate := 1.0
	for _, x := range k.Errors {
		if x.Drift != 0 {
			x.By.Add(effect.Timer, 1)
			rate += x.Drift / 1e6
		}
	}
	if rate <= 0 {
		return d
	}
	return time.Duration(float64(d) / rate)
}

// With returns the clock with one more error.
func (k *Clock) With(x *Error) *Clock {
	if k == nil {
		return &Clock{Errors: []*Error{x}}
	}
	return &Clock{append(slices.Clone(k.Errors), x), k.Lead}
}

// Without returns the clock without an error, which ends at t.
func (k *Clock) Without(x *Error, t time.Duration) *Clock {
	rest := slices.DeleteFunc(slices.Clone(k.Errors), func(y *Error) bool { return x == y })
	return &Clock{rest, k.Lead + x.drift(t)}
}

// Healed returns the clock after all its errors have ended at t. What its drifts have advanced
// the oscillator stays.
func (k *Clock) Healed(t time.Duration) *Clock {
	if k == nil {
		return nil
	}
	return &Clock{Lead: k.Lead + k.drift(t)}
}
