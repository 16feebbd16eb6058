//go:debug randseednop=0

package replication_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/replication"
)

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
	all := scenariotest.RowsFrom(t, 7, s, "", "", tier.Seeds(t, 1, 1)) // that one is stale though no clock is wrong
	require.NoError(t, s.Holds(all))
	assert.Zero(t, all[0].Metrics["stale_seeds"])
	assert.Positive(t, all[1].Metrics["stale_seeds"])
	for _, slow := range all[2:] {
		assert.Greater(t, slow.Metrics["stale_seeds"], 0.8*float64(slow.Seeds), slow.Variant)
	}
}

// TestFixedVariants has each variant that is said to be so under one fault; in the long loop under each.
func TestFixedVariants(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	fixed := map[string]bool{}
	for _, c := range replication.Claims() {
		fixed[c.Variant] = c.Label == replication.Consistent
	}
	for _, v := range replication.CAP().Variants {
		if !fixed[v.Name] || v.Fault != "3|2" && !tier.Sweeping() {
			continue
		}
		r := one(t, v.Name, v.Fault, 1)
		card, ok := r.Meter.(*replication.Card)
		require.True(t, ok)
		assert.False(t, card.Refutes(), "%s under %s", r.Variant, r.Fault)
		assert.Equal(t, r.Seeds, r.Valid, "%s under %s", r.Variant, r.Fault)
	}
}

// TestHoldsSees has the scenario see a row that is not as it must be.
func TestHoldsSees(t *testing.T) {
	s := replication.CAP()
	all := []scenarios.Row{one(t, "raft-any", "leader", 1)}
	require.NoError(t, s.Holds(all))
	all[0].Variant = "raft-index"
	assert.ErrorContains(t, s.Holds(all), "raft-index is labelled neither, and deserves C")
}
