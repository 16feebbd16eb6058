package report

import (
	"strings"
	"testing"

	"github.com/capsize-go/capsize/report/internal/account"
	"github.com/stretchr/testify/assert"
)

// Reasons have as many lines as the picture is high enough for.
func TestReasonLines(t *testing.T) {
	v := firstView{
		Steps:  []stepView{{Parts: []account.Part{{Text: "Process 1 wrote v3 at n1. It was acknowledged."}}}},
		Checks: []checkView{{Reason: "807 of 3811 reads are stale"}, {Reason: strings.Repeat("a long reason ", 20)}},
	}
	high := v.reasonLines(pictureHeight(`<svg viewBox="0 0 1006 434.5">`))
	low := v.reasonLines(pictureHeight(`<svg viewBox="0 0 1006 140">`))
	assert.Equal(t, mostReasonLines, high)
	assert.Greater(t, low, 1)
	assert.Less(t, low, high)
	assert.Zero(t, v.reasonLines(pictureHeight("<svg>")))
}
