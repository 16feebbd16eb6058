package services_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/resilience/services"
)

// ofServices lists the scenarios of services, each with its variants that cost little: what is wrong, and its remedy.
var ofServices = []struct {
	scenario        func() scenarios.Scenario
	variants, fault string
	replayed        string        // the variant that the test of replays takes
	shortened       time.Duration // to this in that test
}{
	{services.RetryStorm, "jitter-none,jitter-full", "", "jitter-full", 12 * time.Second},
	{services.Metastable, "", "", "", 0},
	{services.BreakerBlastRadius, "service-failsafe,shard-failsafe", "shard fails", "", 0},
	{services.Bulkhead, "timeout,bulkhead", "", "semaphore", 5 * time.Second},
	{services.LoadShedding, "", "", "drop-late", 3 * time.Second},
	{services.Hedging, "hedge", "slow tail", "hedge", 5 * time.Second},
	{services.Degradation, "quiet", "part fails", "optional-breaker", 5 * time.Second},
}

// TestServicesShow runs cheap variants of each scenario with one seed: what is wrong is found, and what is fixed is clean. In the long loop it runs
// all variants, and those that are fixed with ten times as many seeds.
func TestServicesShow(t *testing.T) {
	for _, of := range ofServices {
		s := of.scenario()
		if !tier.Sweeping() && (of.variants == "" || testing.Short()) {
			continue // TestServicesReplay has a run of it
		}
		t.Run(s.Name, func(t *testing.T) {
			if tier.Sweeping() {
				of.variants, of.fault = "", ""
			}
			rows := scenariotest.Rows(t, s, of.variants, of.fault, tier.Seeds(t, 1, 1))
			assert.NoError(t, s.Holds(rows))
			if tier.Sweeping() {
				fixedAreClean(t, s)
			}
		})
	}
}

// fixedAreClean runs the fixed variants over ten times as many seeds.
func fixedAreClean(t *testing.T, s scenarios.Scenario) {
	t.Helper()
	for _, v := range s.Variants {
		if !v.Fixed {
			continue
		}
		s.Variants = []scenarios.Variant{v}
		rows, err := s.Run(t.Context(), t, scenarios.Options{Seed: 1000, Seeds: 10 * s.Seeds})
		require.NoError(t, err)
		assert.Equal(t, 10*s.Seeds, rows[0].Valid, "%s: seed %d", v, rows[0].Seed)
	}
}

// TestServicesReplay runs a variant of each scenario twice, shortened, and in the long loop all variants whole: histories and rows are the same
// byte for byte, and no host does what it must not.
func TestServicesReplay(t *testing.T) {
	for _, of := range ofServices {
		s := of.scenario()
		for _, v := range s.Variants {
			if !tier.Sweeping() {
				if v.Name != of.replayed || testing.Short() {
					continue
				}
				v.Test.Duration = min(v.Test.Duration, of.shortened)
			}
			t.Run(s.Name+"/"+v.Name, func(t *testing.T) { sameTwice(t, s, v) })
			if !tier.Sweeping() {
				break
			}
		}
	}
}

// sameTwice runs a variant twice.
func sameTwice(t *testing.T, s scenarios.Scenario, v scenarios.Variant) {
	t.Helper()
	s.Variants = []scenarios.Variant{v}
	var first *capsize.Result
	var rows [2]string
	for i := range rows {
		all, err := s.Run(t.Context(), t, scenarios.Options{Seed: 7, Seeds: 1, Ran: func(_ scenarios.Variant, r *capsize.Result) {
			require.Empty(t, r.Findings, "%s", v)
			if first != nil {
				require.Empty(t, first.Diff(r), "%s", v)
			}
			first = r
		}})
		require.NoError(t, err)
		b, err := json.Marshal(all)
		require.NoError(t, err)
		rows[i] = string(b)
	}
	require.Equal(t, rows[0], rows[1])
}
