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

// TestDeterministicRuntime reads what such a runtime says of goroutines, as Go 1.26 and Go 1.27 print it.
func TestDeterministicRuntime(t *testing.T) {
	const frames = "example.com/store.(*Store).Append(...)\n\t/src/store.go:31\n"
	all := Parse(`goroutine 7 [sync.Mutex.Lock (durable), synctest bubble 1 labels:{"capsize": "seed 1, run 1", "host": "n2"} capsize:{host "n2" wants 0xc0001 holds 0xc0002 holds 0xc0003}]:
` + frames + `
goroutine 8 [runnable, synctest bubble 1 capsize:{host "n3" dead overflow}]:
` + frames + `
goroutine 9 [select (durable), synctest bubble 1 capsize:{host "c0" paused}] {capsize: "seed 1, run 1", host: c0, shift: "2"}:
` + frames + `
goroutine 10 [runnable, synctest bubble 1]:
internal/sync.runtime_SemacquireMutex(0xc0001)
	/go/src/sema.go:95
` + frames + `
goroutine 11 [runnable, synctest bubble 1 capsize:{host "" outside}]:
internal/sync.runtime_SemacquireMutex(0xc0001)
	/go/src/sema.go:95
` + frames)
	require.Len(t, all, 5)
	for i := range all {
		all[i].frames = nil
	}
	require.Equal(t, []Goroutine{
		{id: "7", state: "sync.Mutex.Lock (durable)", bubble: "1", run: "seed 1, run 1", Host: "n2", wants: 0xc0001, holds: []uint64{0xc0002, 0xc0003}},
		{id: "8", state: "runnable", bubble: "1", Host: "n3", dead: true, holdsMore: true},
		{id: "9", state: "select (durable)", bubble: "1", run: "seed 1, run 1", Host: "c0", Generation: "2", paused: true},
		{id: "10", state: "runnable", bubble: "1"}, // it was just given a lock
		{id: "11", state: "sync.Mutex.Lock", bubble: "1", outside: true},
	}, all)
}
