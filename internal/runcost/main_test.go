package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/schedule"
)

// TestRatio takes the ratio within each pair: of two pairs in one of which the machine was slower, neither counts for more.
func TestRatio(t *testing.T) {
	pairs := []pair{{2 * time.Second, 3 * time.Second}, {10 * time.Second, 11 * time.Second}, {time.Second, 4 * time.Second}}
	assert.InDelta(t, 1.5, ratio(pairs), 1e-9)
	assert.Equal(t, 2*time.Second, median(pairs, stock))
	assert.Equal(t, 4*time.Second, median(pairs, det))
}

func TestParse(t *testing.T) {
	all, err := parse("swarm,random/4")
	require.NoError(t, err)
	assert.Equal(t, []schedule.Schedule{{}, schedule.Random(4)}, all)
	_, err = parse("sometimes")
	assert.ErrorContains(t, err, `schedule "sometimes"`)
}

// TestMeasureNothing has no turns, and a package without TestCost.
func TestMeasureNothing(t *testing.T) {
	assert.ErrorContains(t, measure(nil, settings{seeds: 1}, nil), "nothing to run")
}
