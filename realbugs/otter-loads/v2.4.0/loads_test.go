// Package otterloads loads one key from several goroutines with otter v2.4.0.
package otterloads

import (
	"testing"

	"github.com/capsize-go/capsize/realbugs"
)

func TestOtterLoads(t *testing.T) {
	realbugs.CheckRace(t, realbugs.OtterLoads(), "v2.4.0", false)
}
