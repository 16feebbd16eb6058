package campaign

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkAdd keeps one run at a time: one that is valid is written, and one that is not is synced as well.
func BenchmarkAdd(b *testing.B) {
	for name, run := range map[string]func(seed uint64) Run{
		"valid":   func(seed uint64) Run { return valid(raft, seed) },
		"invalid": func(seed uint64) Run { return invalid(raft, seed, 7) },
	} {
		b.Run(name, func(b *testing.B) {
			c, err := Open(b.Context(), b.TempDir(), settings, []Target{raft, crash}, Whole, Shared)
			require.NoError(b, err)
			defer c.Close()
			seed := uint64(0)
			for b.Loop() {
				seed++
				require.NoError(b, c.Add(b.Context(), run(seed)))
			}
		})
	}
}
