package quorumkv_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster/quorumkv"
)

// TestBugs finds bugs from seeds that nobody chose. CAPSIZE_PRESETS, a list of names, sets
// other faults than the portfolio.
func TestBugs(t *testing.T) {
	presets := []string{"all"}
	if list := os.Getenv("CAPSIZE_PRESETS"); list != "" {
		presets = strings.Split(list, ",")
	}
	names, _ := quorumkv.BugNames()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			bug, err := quorumkv.ParseBug(name)
			require.NoError(t, err)
			found := 0
			for _, p := range presets {
				found += sweep(t, versions(quorumkv.Store{Bugs: bug}), p, seeds(t, 20), false)
			}
			assert.Positive(t, found)
		})
	}
}
