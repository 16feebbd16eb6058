//go:debug randseednop=0

package replication_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/replication"
)

// rows runs variants of a scenario under faults; empty lists stand for all.
func rows(t *testing.T, s scenarios.Scenario, variants, faults string, seeds int) []scenarios.Row {
	t.Helper()
	return rowsFrom(t, 1, s, variants, faults, seeds)
}

// rowsFrom begins with another seed than the first; in the long loop it does not.
func rowsFrom(t *testing.T, seed uint64, s scenarios.Scenario, variants, faults string, seeds int) []scenarios.Row {
	t.Helper()
	if tier.Sweeping() {
		seed = 1
	}
	s, err := s.Only(list(variants), list(faults))
	require.NoError(t, err)
	all, err := s.Run(t.Context(), t, scenarios.Options{Seed: seed, Seeds: seeds})
	require.NoError(t, err)
	require.Len(t, all, len(s.Variants))
	return all
}

func list(names string) []string {
	if names == "" {
		return nil
	}
	return strings.Split(names, ",")
}

func TestFind(t *testing.T) {
	for _, s := range replication.All() {
		found, err := scenarios.Find(replication.All(), s.Name)
		require.NoError(t, err)
		assert.Equal(t, s.Question, found.Question)
		assert.NotEmpty(t, s.Shows)
		for _, v := range s.Variants {
			assert.NotEmpty(t, v.Doc, v.Name)
		}
	}
	_, err := scenarios.Find(replication.All(), "cab")
	assert.ErrorContains(t, err, `no scenario "cab"; there are cap, lease-reads`)
}

func TestOnly(t *testing.T) {
	s, err := replication.CAP().Only([]string{"abd"}, []string{"3|2", "pause"})
	require.NoError(t, err)
	require.Len(t, s.Variants, 2)
	assert.Equal(t, "abd under 3|2", s.Variants[0].String())
	_, err = replication.CAP().Only([]string{"abc"}, nil)
	assert.ErrorContains(t, err, `there is no variant "abc"; there are raft-index`)
	_, err = replication.CAP().Only(nil, []string{"3/2"})
	assert.ErrorContains(t, err, `there is no fault "3/2"; there are 3|2, 2|2|1`)
}

// TestRunEnds has a scenario end early: the rows that it has are kept.
func TestRunEnds(t *testing.T) {
	s, err := replication.CAP().Only([]string{"abd"}, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	all, err := s.Run(ctx, t, scenarios.Options{Seeds: 2, Ran: func(scenarios.Variant, *capsize.Result) { cancel() }})
	assert.ErrorIs(t, err, context.Canceled)
	require.Len(t, all, 1)
	assert.Equal(t, 1, all[0].Seeds)
}

// TestRowsAreAlike runs a few rows twice: the numbers of a scenario do not depend on when it is run.
func TestRowsAreAlike(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, s := range replication.All() {
		s.Variants = s.Variants[:1]
		var texts [2]string
		for i := range texts {
			all, err := s.Run(t.Context(), t, scenarios.Options{Seeds: 1})
			require.NoError(t, err)
			text, err := json.Marshal(all)
			require.NoError(t, err)
			texts[i] = string(text)
		}
		assert.Equal(t, texts[0], texts[1], s.Name)
	}
}

func TestLeaseReads(t *testing.T) {
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	s := replication.LeaseReads()
	all := rowsFrom(t, 7, s, "", "", tier.Seeds(t, 2, 2)) // that one is stale though no clock is wrong
	require.NoError(t, s.Holds(all))
	assert.Zero(t, all[0].Metrics["stale_seeds"])
	assert.Positive(t, all[1].Metrics["stale_seeds"])
	for _, slow := range all[2:] {
		assert.Greater(t, slow.Metrics["stale_seeds"], 0.8*float64(slow.Seeds), slow.Variant)
	}
}

// TestFixedVariants has each variant that is said to be so under one fault.
func TestFixedVariants(t *testing.T) {
	faults := "3|2"
	if tier.Sweeping() {
		faults = ""
	}
	var fixed []string
	if testing.Short() {
		t.Skip("long")
	}
	for _, c := range replication.Claims() {
		if c.Label == replication.Consistent {
			fixed = append(fixed, c.Variant)
		}
	}
	for _, r := range rows(t, replication.CAP(), strings.Join(fixed, ","), faults, tier.Seeds(t, 1, 1)) {
		card, ok := r.Meter.(*replication.Card)
		require.True(t, ok)
		assert.False(t, card.Refutes(), "%s under %s", r.Variant, r.Fault)
		assert.Equal(t, r.Seeds, r.Valid, "%s under %s", r.Variant, r.Fault)
	}
}

// TestHoldsSees has the scenario see a row that is not as it must be.
func TestHoldsSees(t *testing.T) {
	s := replication.CAP()
	all := rows(t, s, "raft-any", "leader", 1)
	require.NoError(t, s.Holds(all))
	all[0].Variant = "raft-index"
	assert.ErrorContains(t, s.Holds(all), "raft-index is labelled neither, and deserves C")
}
