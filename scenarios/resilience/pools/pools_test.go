package pools_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/resilience/pools"
)

// poolKey are the variants of the scenarios of pools and gray failures that show what each is about: what is wrong, and its remedy.
var poolKey = []struct{ scenario, variants, fault string }{
	{"exactly-once", "retry,table", "restart"},
	{"gray-hang", "cooperative-timeout,deadline", "one-byte-a-second"},
	{"lock-without-fencing", "none,fencing", ""},
	{"pool-failover", "sql,sql-ping", "restart"},
	{"pool-freeze", "sql,sql-timeout", "leak"},
	{"pool-nested", "t2-c3-size4,t2-c3-size5", ""},
}

func scenario(t *testing.T, name string) scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Find(pools.All(), name)
	require.NoError(t, err)
	return s
}

// TestPoolsShow runs the key variants of each scenario with one seed: what is wrong is found, and what is fixed is clean. In the
// long loop it runs all variants, and those that are fixed with ten times as many seeds.
func TestPoolsShow(t *testing.T) {
	if testing.Short() {
		t.Skip("TestPoolsReplay has a run of each")
	}
	for _, key := range poolKey {
		t.Run(key.scenario, func(t *testing.T) {
			s := scenario(t, key.scenario)
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

// TestPoolsReplay runs the first of the key variants of each scenario twice, and in the long loop all variants: histories and rows are
// the same byte for byte, and no host does what it must not.
func TestPoolsReplay(t *testing.T) {
	for _, key := range poolKey {
		t.Run(key.scenario, func(t *testing.T) {
			s := scenario(t, key.scenario)
			if !tier.Sweeping() {
				variant, _, _ := strings.Cut(key.variants, ",")
				var err error
				s, err = s.Only([]string{variant}, nil)
				require.NoError(t, err)
				s.Variants = s.Variants[:1]
			}
			for _, v := range s.Variants {
				if !tier.Sweeping() {
					v.Test.Duration, v.Test.Settle, v.Test.Timeout = 6*time.Second, time.Second, 4*time.Second
				}
				replays(t, s, v)
			}
		})
	}
}

// replays runs a variant twice.
func replays(t *testing.T, s scenarios.Scenario, v scenarios.Variant) {
	t.Helper()
	s.Variants = []scenarios.Variant{v}
	var first *capsize.Result
	var row string
	for range 2 {
		rows, err := s.Run(t.Context(), t, scenarios.Options{Seed: 7, Seeds: 1, Ran: func(_ scenarios.Variant, r *capsize.Result) {
			require.Empty(t, r.Findings, "%s", v)
			if first != nil {
				require.Empty(t, first.Diff(r), "%s", v)
			}
			first = r
		}})
		require.NoError(t, err)
		b, err := json.Marshal(rows)
		require.NoError(t, err)
		if row != "" {
			require.Equal(t, row, string(b))
		}
		row = string(b)
	}
}

// TestTry runs one scenario and prints its table: CAPSIZE_TRY names it.
func TestTry(t *testing.T) {
	name := os.Getenv("CAPSIZE_TRY")
	if name == "" {
		t.Skip("CAPSIZE_TRY is not set")
	}
	s := scenario(t, name)
	rows, err := s.Run(t.Context(), t, scenarios.Options{Ran: func(v scenarios.Variant, r *capsize.Result) {
		r.Explain(t.Context())
		t.Log(v, r.Seed, r.Verdict, r.Reason, r.CPU, r.Findings)
	}})
	require.NoError(t, err)
	require.NoError(t, s.Table(os.Stdout, rows))
	require.NoError(t, s.Holds(rows))
}
