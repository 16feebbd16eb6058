package main

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestChunk shows that a chunk has a line a run, those of one seed alike, and those of two seeds not.
func TestChunk(t *testing.T) {
	var out bytes.Buffer
	require.Zero(t, runChunk(t, &out, 1, 2, 200*time.Millisecond, true, 1))
	d := json.NewDecoder(&out)
	var lines []line
	for d.More() {
		var l line
		require.NoError(t, d.Decode(&l))
		lines = append(lines, l)
	}
	require.Len(t, lines, 4)
	assert.Equal(t, lines[0].Digest, lines[1].Digest)
	assert.Equal(t, lines[0].Trace, lines[1].Trace)
	assert.NotEqual(t, lines[0].Digest, lines[2].Digest)
}

// TestCount shows that a run that differs is counted, and one that is missing.
func TestCount(t *testing.T) {
	once := map[uint64]line{1: {Seed: 1, Digest: "a"}, 2: {Seed: 2, Digest: "b"}, 3: {Seed: 3, Digest: "c"}, 4: {Seed: 4, Digest: "d", Trace: 1}}
	c := count(once, map[uint64]line{1: {Seed: 1, Digest: "a"}, 2: {Seed: 2, Digest: "x"}, 4: {Seed: 4, Digest: "d", Trace: 2}})
	assert.Equal(t, 1, c.same)
	assert.Equal(t, 3, c.other)
	assert.ElementsMatch(t, []uint64{2, 3, 4}, c.differ)
}
