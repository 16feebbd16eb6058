package quorumkv_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/systems/kv/quorumkv"
)

var (
	vectors = quorumkv.Store{}
	strict  = quorumkv.Store{Strict: true}
	hlc     = quorumkv.Store{Strict: true, Conflict: quorumkv.HLC}
	abd     = quorumkv.Store{Strict: true, Conflict: quorumkv.HLC, WriteBack: true}
	lww     = quorumkv.Store{Conflict: quorumkv.LWW}
)

// TestPromises holds each variant to what the package says that it promises, under all faults.
func TestPromises(t *testing.T) {
	for _, p := range []struct {
		name    string
		test    capsize.Test
		excused func(capsize.Exercised) bool
	}{
		{"vectors", versions(vectors), nil},
		{"strict vectors", versions(strict), nil},
		{"strict hlc", registers(hlc, lost()), nil},
		{"write-back", registers(abd), nil},
		{"lww while clocks agree", registers(lww, lost()), clocksWrong},
	} {
		t.Run(p.name, func(t *testing.T) {
			test, judged := p.test, 0
			test.Duration = tier.InRace(7*time.Second, test.Duration)
			test.Nemesis = preset(t, presets("all")[0])
			for seed := 1; seed <= tier.Seeds(t, 1, 5); seed++ {
				test.Seed = uint64(seed)
				r, err := capsize.Exec(t.Context(), t, test)
				require.NoError(t, err)
				if p.excused != nil && p.excused(r.Exercised) {
					continue
				}
				if r.Verdict == checker.Unknown && len(r.Exercised.Effects) == 0 {
					continue // clocks were wrong, and the store does not look at them
				}
				judged++
				if r.Verdict != checker.Valid {
					t.Errorf("seed %d: %v: %s", seed, r.Verdict, r.Reason)
				}
			}
			t.Logf("%d seeds", judged)
			assert.Positive(t, judged)
		})
	}
}

// clocksWrong reports whether a fault has struck that makes clocks wrong.
func clocksWrong(x capsize.Exercised) bool {
	for name := range x.Faults {
		if strings.Contains(name, "clock") {
			return true
		}
	}
	return false
}
