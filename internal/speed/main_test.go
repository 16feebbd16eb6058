package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestLine takes ratios turn by turn: a turn in which the machine was slower counts as any other.
func TestLine(t *testing.T) {
	of := func(cpu time.Duration, bytes uint64) cost {
		return cost{CPU: cpu, Virtual: 100 * time.Second, Calls: 10, Bytes: bytes}
	}
	before := []cost{of(2*time.Second, 1000), of(20*time.Second, 1000), of(3*time.Second, 1000)}
	after := []cost{of(time.Second, 500), of(10*time.Second, 500), of(time.Second, 400)}
	assert.Equal(t, "| x | 33 | 100 | 2.00 | 100 | 50 | 0.50 | 10000 |  |  |", line("x", before, after, nil))
	assert.Equal(t, "| x |  | 100 |  |  | 50 |  | 10000 | 30000 | 2.00 |", line("x", nil, after, before))
}

// TestCompareNothing has no turns.
func TestCompareNothing(t *testing.T) {
	assert.ErrorContains(t, compare(nil, settings{short: time.Second}), "nothing to run")
}

func TestSeedsFor(t *testing.T) {
	assert.Equal(t, 3, settings{seeds: 3}.seedsFor("raftkv"))
	assert.Equal(t, 12, settings{}.seedsFor("raftkv"))
	assert.Equal(t, 1, settings{}.seedsFor("another"))
}
