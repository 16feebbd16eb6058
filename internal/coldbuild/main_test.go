package main

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const graph = `[
	{"ID": 0, "Mode": "link", "Package": "tool", "Deps": [1, 2], "CmdUser": 500000000, "CmdSys": 250000000},
	{"ID": 1, "Mode": "build", "Package": "left", "Deps": [3], "CmdUser": 2000000000, "CmdSys": 0},
	{"ID": 2, "Mode": "build", "Package": "right", "CmdUser": 2500000000, "CmdSys": 0},
	{"ID": 3, "Mode": "build", "Package": "base", "CmdUser": 1000000000, "CmdSys": 0},
	{"ID": 4, "Mode": "build", "Package": "small", "CmdUser": 1000000, "CmdSys": 0},
	{"ID": 5, "Mode": "nop", "Package": ""}
]`

// TestCosts has the dearest packages listed, and those that had to wait for each other.
func TestCosts(t *testing.T) {
	var all []action
	require.NoError(t, json.Unmarshal([]byte(graph), &all))
	var b bytes.Buffer
	printCosts(&b, "./tool", 7*time.Second, all)
	assert.Equal(t, `./tool with an empty build cache: 7.0 s of processor time
3.8 s of it one after the other: base, left, tool
   2.5 s  build right
   2.0 s  build left
   1.0 s  build base
   0.8 s  link tool
   0.0 s  build small
`, b.String())
}

// TestBuildRefuses says what is wrong with a package that can't be built.
func TestBuildRefuses(t *testing.T) {
	var b bytes.Buffer
	err := build(&b, "./missing", time.Hour)
	require.ErrorContains(t, err, "build ./missing")
	assert.Empty(t, b.String())
}
