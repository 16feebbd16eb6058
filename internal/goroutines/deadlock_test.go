package goroutines

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// dump is what the runtime prints of a run with one goroutine in a function that waits for a semaphore of the runtime,
// while the goroutine outside looks.
const dump = `goroutine 1 [running]:
github.com/capsize-go/capsize/internal/goroutines.All()
	/src/internal/goroutines/goroutines.go:68 +0x1d

goroutine 7 [semacquire, synctest bubble 1 labels:{"capsize": "seed 1, run 1"}]:
%s(0x1)
	/go/src/where.go:17 +0x8f
example.com/store.(*Store).Dump(...)
	/src/store.go:31
`

// TestStopTheWorldIsNoDeadlock shows that a goroutine which waits to stop the world is not taken for one that waits for ever: the
// goroutine that looks for deadlocks stops the world itself.
func TestStopTheWorldIsNoDeadlock(t *testing.T) {
	for function, stuck := range map[string]bool{"runtime.Stack": false, "runtime.GC": false, "runtime.ReadMemStats": false, "internal/poll.runtime_Semacquire": true} {
		found := Deadlock("seed 1, run 1", Parse(fmt.Sprintf(dump, function)))
		require.Equal(t, stuck, len(found) > 0, "%s: %v", function, found)
	}
}
