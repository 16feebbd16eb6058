package models_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/catalog/models"
	"github.com/capsize-go/capsize/history"
)

// TestTimesOfTheWallClockCountFromTheFirstOp reads histories of ours whose times begin at an epoch, and at the beginning of a run.
func TestTimesOfTheWallClockCountFromTheFirstOp(t *testing.T) {
	c, err := models.New(models.Options{Model: "register"})
	require.NoError(t, err)
	read := func(first time.Duration) models.Recorded {
		text := fmt.Sprintf(`{"index":0,"time":%d,"process":0,"type":"invoke","key":"x","input":{"f":"write","key":"x","value":1}}
{"index":1,"time":%d,"process":0,"type":"ok","key":"x","output":0}
`, first, first+time.Millisecond)
		src, err := models.NewSource(strings.NewReader(text), "a.jsonl", history.Auto)
		require.NoError(t, err)
		r, err := c.Read(src)
		require.NoError(t, err)
		return r
	}
	epoch := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r := read(time.Duration(epoch.UnixNano()))
	assert.Equal(t, epoch, r.Start)
	assert.Equal(t, time.Duration(0), r.History.At(0).Time)
	assert.Equal(t, time.Millisecond, r.History.End())

	r = read(5 * time.Second)
	assert.True(t, r.Start.IsZero())
	assert.Equal(t, 5*time.Second, r.History.At(0).Time, "the time of a run is as it is")
	assert.False(t, r.Untimed)
}
