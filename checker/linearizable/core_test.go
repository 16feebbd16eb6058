package linearizable

import (
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
	"github.com/stretchr/testify/require"
)

// TestCore: of calls that are shown, those contradict each other that cannot all have been answered so, whatever the
// others did.
func TestCore(t *testing.T) {
	put := func(from, to, v int) checkertest.Timed {
		return checkertest.Timed{From: from, To: to, In: model.RegisterOp{F: "write", Value: v}, Out: 0}
	}
	get := func(from, to, v int) checkertest.Timed {
		return checkertest.Timed{From: from, To: to, In: model.RegisterOp{F: "read"}, Out: v}
	}
	for _, tt := range []struct {
		name        string
		calls       []checkertest.Timed
		shown, core int
	}{
		{"stale read", []checkertest.Timed{put(1, 2, 1), put(3, 4, 2), get(5, 6, 1)}, 3, 2},
		{"two reads", []checkertest.Timed{put(1, 2, 1), put(3, 20, 2), get(4, 5, 2), get(6, 7, 1)}, 4, 2},
		{"never written", []checkertest.Timed{put(1, 2, 1), get(3, 4, 7)}, 1, 1},
		// The first read shuts out that the other write of 1 came after that of 2.
		{"values that repeat", []checkertest.Timed{put(1, 2, 1), put(3, 9, 1), put(4, 5, 2), get(10, 11, 2), get(12, 13, 1)}, 4, 2},
		{"never the initial value again", []checkertest.Timed{put(1, 2, 1), get(3, 4, 0)}, 2, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := New(model.Register()).Check(t.Context(), checkertest.Timeline(tt.calls...)).Explain(t.Context())
			require.Equal(t, checker.Invalid, r.Verdict)
			require.Len(t, r.Counterexample.Calls, tt.shown, "%v", r.Counterexample.Calls)
			require.Len(t, r.Counterexample.Core, tt.core, "%v of %v", r.Counterexample.Core, r.Counterexample.Calls)
			require.False(t, r.Counterexample.Context(r.Counterexample.Blamed))
		})
	}
}
