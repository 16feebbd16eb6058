package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRatio(t *testing.T) {
	a, b := count{finds: 20, cpu: time.Hour}, count{finds: 20, cpu: 2 * time.Hour}
	assert.InDelta(t, 2.0, ratio(a, b), 1e-9)
	lo, hi := ratioInterval(a, b)
	assert.InDelta(t, 2/lo, hi/2, 1e-6, "of as many finds the interval is as far below as above")
	assert.True(t, lo > 1 && lo < 2, lo)

	r, lo, hi := mantelHaenszel([][2]count{{a, b}, {a, b}})
	assert.InDelta(t, 2.0, r, 1e-9)
	assert.True(t, lo > 1 && lo < 2 && hi > 2 && hi < 4)
	one, lo1, hi1 := mantelHaenszel([][2]count{{a, b}})
	assert.InDelta(t, 2.0, one, 1e-9)
	assert.True(t, lo1 < lo && hi1 > hi, "half as many finds say less")
}

// TestTable prints the table of a file.
func TestTable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "campaigns.jsonl")
	require.NoError(t, os.WriteFile(file, []byte(`{"target":"a/b/c","arm":"history/30","campaign":1,"runs":10,"finds":1,"mutated":1,"cpu":1000000000}
{"target":"a/b/c","arm":"fresh","campaign":1,"runs":20,"finds":1,"cpu":1000000000}
{"target":"a/b/c","arm":"fresh","campaign":2,"runs":5,"finds":0,"cpu":1000000000}
`), 0o600))
	var b bytes.Buffer
	require.NoError(t, printTable(&b, []string{file}))
	assert.Contains(t, b.String(), "| a/b/c | fresh | 25 | 2 | 1 | 0 | 1800 | | |\n| a/b/c | history/30 | 10 | 1 | 1 | 1 | 3600 | 2.00 | ")
	require.NoError(t, os.WriteFile(file, []byte("{}\n{"), 0o600))
	require.ErrorContains(t, printTable(&b, []string{file}), "campaign 2")
}

func TestFlags(t *testing.T) {
	for _, tc := range []struct{ args, want string }{
		{"-targets=raftkv/x", "SYSTEM/BUG/NEMESIS"},
		{"-targets=raftkv/no-bug/all", `no bug "no-bug"`},
		{"-arms=history", "the percentage of mutated plans"},
		{"-arms=history/0", "the percentage of mutated plans"},
		{"-cpu=0s", "there is nothing to run"},
		{"-table=/no/file", "no such file"},
	} {
		require.ErrorContains(t, run(t.Context(), t, []string{tc.args}), tc.want)
	}
}

// TestCampaigns hunts for a bug that every other seed finds, with fresh seeds and with guidance.
func TestCampaigns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "campaigns.jsonl")
	args := []string{"-targets=raftkv/no-prefix-check/flip-flop", "-arms=fresh,history/30", "-cpu=1ms", "-most=3", "-into=" + file}
	require.NoError(t, run(t.Context(), t, args))
	var b bytes.Buffer
	require.NoError(t, printTable(&b, []string{file}))
	assert.Contains(t, b.String(), "| raftkv/no-prefix-check/flip-flop | history/30 | 1 |")
}
