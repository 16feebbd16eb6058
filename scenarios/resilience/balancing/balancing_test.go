package balancing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/resilience/balancing"
)

// balancers lists the scenarios of load balancers.
func balancers() (all []scenarios.Scenario) {
	for _, s := range balancing.All() {
		if strings.HasPrefix(s.Name, "lb-") {
			all = append(all, s)
		}
	}
	return all
}

// lbKey are the variants and the fault of each scenario that show what it is about: what is wrong, and its remedy.
var lbKey = map[string]struct{ variants, fault string }{
	"lb-affinity": {"sticky,sticky-ticket", "backend crashes"}, "lb-health": {"deep-closed,deep-open", "dependency fails"},
	"lb-resize": {"modulo,consistent", "one joins"}, "lb-sinkhole": {"least-connections,least-connections-ejecting", "fails fast"},
}

// TestBalancersShow runs the key variants of each scenario with one seed, and in the long loop all with many: what is wrong is
// found in each seed, and what is fixed is clean in each.
func TestBalancersShow(t *testing.T) {
	if testing.Short() {
		t.Skip("TestBalancersReplay has a run of each")
	}
	for _, s := range balancers() {
		t.Run(s.Name, func(t *testing.T) {
			key := lbKey[s.Name]
			if tier.Sweeping() {
				key.variants, key.fault = "", ""
			}
			rows := scenariotest.Rows(t, s, key.variants, key.fault, tier.Seeds(t, 1, 1))
			assert.NoError(t, s.Holds(rows))
			for _, r := range rows {
				assert.Zero(t, r.Unknown, "%s under %s", r.Variant, r.Fault)
				t.Log(r.Variant, r.Fault, r.Invalid, r.Metrics)
			}
		})
	}
}

// TestBalancersReplay runs the first variant of each scenario twice, and in the long loop all: the histories are the same
// byte for byte, and no host does what it must not.
func TestBalancersReplay(t *testing.T) {
	for _, s := range balancers() {
		t.Run(s.Name, func(t *testing.T) {
			for i, v := range s.Variants {
				if !tier.Sweeping() {
					if i > 0 {
						break
					}
					v.Test.Duration, v.Test.Settle = time.Second, time.Second
				}
				first, err := v.Exec(t.Context(), t, 7)
				require.NoError(t, err)
				again, err := v.Exec(t.Context(), t, 7)
				require.NoError(t, err)
				require.Empty(t, first.Diff(again), "%s", v)
				require.Empty(t, first.Findings, "%s", v)
			}
		})
	}
}

// TestBalancersMisjudgeNothing runs what is wrong without the fault: it is valid, so the verdicts of the scenario are due to the fault.
func TestBalancersMisjudgeNothing(t *testing.T) {
	if !tier.Sweeping() {
		t.Skip("the long loop")
	}
	for _, v := range balancing.LBSinkhole().Variants {
		v.Test.Nemesis = nil
		r, err := v.Exec(t.Context(), t, 1)
		require.NoError(t, err)
		require.Equal(t, checker.Valid, r.Verdict, "%s: %s", v, r.Reason)
	}
}
