package quorumkv_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/systems/kv/quorumkv"
)

// known is a seed that finds a bug, where that is not one of the first.
var known = map[quorumkv.Bug]uint64{quorumkv.DropHints: 4, quorumkv.ReapTombstones: 6, quorumkv.CoarseRanges: 6}

// TestBugs finds bugs from seeds that nobody chose. TestPromises finds nothing without them.
func TestBugs(t *testing.T) {
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	names, _ := quorumkv.Bugs.Names()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			bug, err := quorumkv.Bugs.Parse(name)
			require.NoError(t, err)
			found := 0
			all := presets("blackouts", "flip-flop")
			if bug == quorumkv.TimeoutIsFailure && !tier.Sweeping() {
				slices.Reverse(all) // only the second shows it
			}
			for _, faults := range all {
				if found > 0 && !tier.Sweeping() {
					break
				}
				test := versions(quorumkv.Store{Bugs: bug})
				test.Nemesis = preset(t, faults)
				n := sweep(t, test, known[bug], tier.Seeds(t, 15, 15))
				t.Logf("%s under %s: %d", name, faults, n)
				found += n
			}
			assert.Positive(t, found)
		})
	}
	_, err := quorumkv.Bugs.Parse("none,no-bug")
	require.ErrorContains(t, err, `no bug "no-bug"`)
	assert.Equal(t, "none", quorumkv.Bug(0).String())
	assert.Equal(t, "drop-hints,coarse-ranges", (quorumkv.DropHints | quorumkv.CoarseRanges).String())
}
