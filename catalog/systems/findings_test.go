package systems

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFindings has a run for each bug, with a nemesis that there is, and none for others.
func TestFindings(t *testing.T) {
	bugs := 0
	for _, s := range All() {
		bugs += len(s.Bugs)
		for _, b := range s.Bugs {
			f, ok := FindingOf(s.Name, b.Name)
			require.True(t, ok, "there is no run that finds %s of %s", b.Name, s.Name)
			_, err := FindNemesis(f.Nemesis)
			require.NoError(t, err)
			require.NotZero(t, f.Seed)
		}
	}
	require.Len(t, findings, bugs, "findings has a bug that no system has")
}
