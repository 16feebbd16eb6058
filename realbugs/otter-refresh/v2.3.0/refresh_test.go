// Package otterrefresh runs cache-refresh with otter v2.3.0.
package otterrefresh

import (
	"testing"

	"github.com/capsize-go/capsize/realbugs"
)

func TestOtterRefresh(t *testing.T) {
	realbugs.Check(t, realbugs.OtterRefresh(), "v2.3.0", true)
}
