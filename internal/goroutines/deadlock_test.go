package goroutines

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestStacksAreNoDeadlock has a goroutine of the run ask for all stacks while the one that looks has just asked for them: it waits, and
// goes on.
func TestStacksAreNoDeadlock(t *testing.T) {
	const looks = "goroutine 1 [running]:\nmain.look()\n\t/x/look.go:1 +0x1\n\n"
	const waits = "goroutine 7 [semacquire, synctest bubble 1 labels:{\"capsize\": \"run\"}]:\n"
	asks := Parse(looks + waits + "runtime.Stack({0xc0, 0x4, 0x4}, 0x1)\n\t/go/src/runtime/mprof.go:9 +0x1\nmain.run()\n\t/x/run.go:1 +0x1\n")
	assert.Len(t, asks, 2)
	assert.Empty(t, Deadlock("run", asks))
	other := Parse(looks + waits + "main.run()\n\t/x/run.go:1 +0x1\n")
	assert.Len(t, Deadlock("run", other), 1)
}
