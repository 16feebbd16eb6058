package races

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/capsize-go/capsize/schedule"
)

// Shows runs a program in a bubble with a seed and a schedule, and reports whether its bug showed: whether run says so, or
// the bubble stopped for good.
func Shows(t *testing.T, seed uint64, s schedule.Schedule, run func() bool) (yes bool) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			if !strings.Contains(fmt.Sprint(p), "deadlock") {
				panic(p)
			}
			yes = true
		}
	}()
	schedule.Start(seed, s)
	synctest.Test(t, func(*testing.T) { yes = run() })
	return yes
}
