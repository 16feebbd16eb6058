package capsize_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// TestPortfolio runs a raft store without bugs under all that breaks, and asks that
// nothing is found: when all faults heal, and when only a majority does. With
// CAPSIZE_SEEDS of a thousand or more it asks as well that every kind of fault in the
// catalogue had an effect: CAPSIZE_SEEDS=2000 go test -run TestPortfolio .
func TestPortfolio(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	n := seeds(t, 2)
	store := raftkv.Store{}
	for name, core := range map[string]bool{"heal": false, "core": true} {
		t.Run(name, func(t *testing.T) {
			unknown, effective := uint64(0), map[string]bool{}
			for seed := uint64(1); seed <= n; seed++ {
				r, err := capsize.Exec(t.Context(), t, capsize.Test{
					System: store, Workload: workloads.Register(store.Open), Timeout: 500 * time.Millisecond,
					Nemesis: nemesis.Portfolio(raftkv.ElectionTimeout), Duration: 20 * time.Second, Core: core, Seed: seed,
				})
				require.NoError(t, err)
				assert.NotEqual(t, checker.Invalid, r.Verdict, "seed %d: %s", seed, r.Reason)
				if r.Verdict == checker.Unknown {
					unknown++
					t.Logf("seed %d: %s", seed, r.Reason)
				}
				for _, e := range r.Exercised.Effects {
					effective[e.Fault] = true
				}
			}
			assert.LessOrEqual(t, unknown, max(1, n/200))
			for _, f := range nemesis.Faults() {
				if n >= 1000 && f.Name != "on" && f.Name != "dns" && f.Name != "read-only-disk" && f.Name != "degrade" {
					assert.True(t, effective[f.Name], "%s had no effect in any run", f.Name)
				}
			}
		})
	}
}
