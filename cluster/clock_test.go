package cluster_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/cluster"
)

// off returns by how much the clock of n1 is ahead of that of n2.
func (r *fixture) off() time.Duration {
	return r.host("n1").Clock().Now().Sub(r.host("n2").Clock().Now())
}

func TestClockSkew(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		heal := r.As("it").ImpairClock("n1", cluster.ClockError{Skew: -3 * time.Second})
		assert.Equal(t, -3*time.Second, r.off())
		r.pass(time.Minute)
		assert.Equal(t, -3*time.Second, r.off())
		assert.Equal(t, r.Now(), r.host("n1").Clock().Monotonic())
		assert.Equal(t, 2, r.effect("it", "clock readings off"))
		assert.Equal(t, 3_000_000, r.effect("it", "µs of clock error, at most"))
		heal()
		assert.Zero(t, r.off())
	})
}

func TestClockDrift(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		h := r.host("n1")
		timer := func() (took time.Duration) {
			began := r.Now()
			h.AfterFunc(11*time.Second, func() { took = r.Now() - began })
			r.pass(20 * time.Second)
			return took.Round(time.Millisecond)
		}
		assert.Equal(t, 11*time.Second, timer())
		mono := h.Clock().Monotonic()
		heal := r.As("it").ImpairClock("n1", cluster.ClockError{Drift: 100_000})
		assert.Equal(t, 10*time.Second, timer())
		assert.Equal(t, 2*time.Second, r.off())
		assert.Equal(t, 22*time.Second, h.Clock().Monotonic()-mono)
		assert.Equal(t, 1, r.effect("it", "timers off"))
		heal()
		assert.Zero(t, r.off(), "the time of the day is put right in one step")
		assert.Equal(t, 22*time.Second, h.Clock().Monotonic()-mono, "and the oscillator does not jump")
		assert.Equal(t, 11*time.Second, timer())
	})
}

func TestClockJumps(t *testing.T) {
	for _, every := range []time.Duration{500 * time.Millisecond, 5 * time.Millisecond} {
		withFixture(t, func(t *testing.T, r *fixture) {
			heal := r.As("it").ImpairClock("n1", cluster.ClockError{Jump: time.Second, Every: every})
			distinct, back := map[time.Duration]bool{}, 0
			last := r.host("n1").Clock().Now()
			for range 100 {
				r.pass(every)
				distinct[r.off()] = true
				assert.LessOrEqual(t, r.off().Abs(), time.Second)
				if now := r.host("n1").Clock().Now(); now.Before(last) {
					back++
					last = now
				} else {
					last = now
				}
			}
			assert.Len(t, distinct, 100)
			assert.Greater(t, back, 10)
			heal()
			assert.Zero(t, r.off())
		})
	}
}

func TestClockErrorsAddUp(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		heal1 := r.ImpairClock("n1", cluster.ClockError{Skew: time.Second})
		heal2 := r.ImpairClock("n1", cluster.ClockError{Skew: time.Minute})
		assert.Equal(t, 61*time.Second, r.off())
		heal1()
		assert.Equal(t, time.Minute, r.off())
		heal2()
		assert.Zero(t, r.off())
	})
}
