package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestStillness has a machine sleep for an hour in the middle of a run: that hour counts
// for two looks and no more.
func TestStillness(t *testing.T) {
	var s stillness
	now := time.Unix(0, 0)
	look := func(progress uint64, later time.Duration) bool {
		now = now.Add(later)
		return s.look(progress, now)
	}
	assert.False(t, look(0, 0), "the first look has nothing to compare with")
	assert.True(t, look(0, lookEvery))
	assert.Equal(t, lookEvery, s.still)
	assert.True(t, look(0, time.Hour))
	assert.Equal(t, 3*lookEvery, s.still)
	assert.False(t, look(1, lookEvery), "the run made progress")
	assert.Zero(t, s.still)
	assert.True(t, look(1, lookEvery))
	assert.Equal(t, lookEvery, s.still)
}

// TestStillnessIsDue has deadlocks searched for at once, and then less and less often, but
// at least once in lookSeldom.
func TestStillnessIsDue(t *testing.T) {
	var s stillness
	var due []time.Duration
	for range 50 {
		s.still += lookEvery
		if s.isDue() {
			due = append(due, s.still/lookEvery)
		}
	}
	assert.Equal(t, []time.Duration{1, 2, 4, 8, 16, 26, 36, 46}, due)
}
