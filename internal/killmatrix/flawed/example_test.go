package flawed_test

import (
	"fmt"
	"time"

	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/jepsen"
	"github.com/capsize-go/capsize/internal/killmatrix/flawed"
)

func ExampleLoadNames() {
	fmt.Println(flawed.LoadNames())
	// Output: [bank counter groups ids list queue register set table]
}

// TestTwins has the set be wrong in the store, and right in its twin.
func TestTwins(t *testing.T) {
	for _, s := range []flawed.Store{{}, {Right: true}} {
		w := s.Loads()["set"]
		w.Checker = jepsen.SetFull(true)
		r, err := capsize.Exec(t.Context(), t, capsize.Test{System: s, Workload: w, Nodes: s.Nodes(), Duration: 2 * time.Second, Seed: 1})
		require.NoError(t, err)
		require.Equal(t, s.Right, r.Verdict == checker.Valid, r.Reason)
	}
}
