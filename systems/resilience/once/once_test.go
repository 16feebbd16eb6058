package once_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/resilience/once"
	"github.com/capsize-go/capsize/workloads"
)

// TestTables has the service crash twice: what is done twice depends on the table that it has afterwards.
func TestTables(t *testing.T) {
	crashes := nemesis.Plan{
		{ID: 1, At: 2 * time.Second, For: 1500 * time.Millisecond, Fault: nemesis.Crashes()}, {ID: 2, At: 5 * time.Second, For: 300 * time.Millisecond, Fault: nemesis.Crashes()},
	}
	for table, want := range map[once.Table]checker.Verdict{
		once.NoTable: checker.Invalid, once.Lost: checker.Invalid, once.Expiring: checker.Invalid, once.Kept: checker.Valid,
	} {
		if testing.Short() && table != once.Kept {
			continue
		}
		s := once.Service{Table: table}
		r, err := capsize.Exec(t.Context(), t, capsize.Test{
			System: s, Nodes: s.Nodes(), Clients: 1, Duration: 7 * time.Second, Settle: 4 * time.Second, Timeout: 10 * time.Second, Seed: 5, Nemesis: crashes,
			Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(20), Routes: []string{"/pay"}, Deadline: 8 * time.Second, Checker: resilience.OnceEach()}),
		})
		require.NoError(t, err)
		require.Empty(t, r.Findings)
		assert.Equal(t, want, r.Verdict, "%s: %s", table, r.Reason)
	}
}

func ExampleService() {
	s := once.Service{Table: once.Kept}
	fmt.Println(s.Nodes(), "node with", s.Table)
	// Output: 1 node with table
}
