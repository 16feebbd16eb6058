package report

import (
	"fmt"
	"time"
)

// at formats an instant of the run: a time, or in a history without times the number of
// an op.
func (r Run) at(t time.Duration) string {
	if r.Ordered {
		return position(t)
	}
	return short(t)
}

// position formats the number of an op.
func position(t time.Duration) string { return fmt.Sprint("op ", int64(t)) }
