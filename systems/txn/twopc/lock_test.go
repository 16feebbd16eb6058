package twopc

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func branchOf(at time.Duration) *branch { return &branch{age: age{at: at, id: id{node: "n1"}}} }

// TestLocks has readers share a key, a younger transaction die of an older one, and an older one wait for a younger.
func TestLocks(t *testing.T) {
	old, middle, young := branchOf(1), branchOf(2), branchOf(3)
	l := &lock{}
	assert.Equal(t, granted, l.request(middle, shared))
	assert.Equal(t, granted, l.request(middle, shared))
	assert.Equal(t, granted, l.request(young, shared))
	assert.Equal(t, dies, l.request(young, exclusive), "an older one reads")
	assert.Equal(t, waits, l.request(middle, exclusive), "a younger one reads")
	assert.Equal(t, waits, l.request(old, exclusive))
	l.drop(young)
	assert.Equal(t, granted, l.request(middle, exclusive), "it is the only reader")
	assert.Equal(t, granted, l.request(middle, shared), "it writes already")
	assert.Equal(t, dies, l.request(young, shared))
	middle.prepared = true
	assert.Equal(t, waits, l.request(young, shared), "what is prepared waits for no lock")
	l.drop(middle)
	assert.Equal(t, granted, l.request(young, exclusive))
}

// TestAge orders transactions of one instant by their nodes, and those of one node by their numbers.
func TestAge(t *testing.T) {
	a := age{1, id{"n1", 9, 2}}
	assert.True(t, a.olderThan(age{2, id{"n1", 9, 1}}))
	assert.True(t, a.olderThan(age{1, id{"n2", 9, 1}}))
	assert.True(t, a.olderThan(age{1, id{"n1", 9, 3}}))
	assert.False(t, a.olderThan(a))
}
