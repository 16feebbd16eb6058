package models

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
)

// TestNothingIsThrownAway judges what a careless reader would find valid: answers that say more than
// what was asked, reads that found nothing, and histories without a read.
func TestNothingIsThrownAway(t *testing.T) {
	for _, tc := range []struct {
		model, calls string
		want         checker.Verdict
		says         string
	}{
		{"counter", "add;1;ok;1, add;1;ok;1", checker.Invalid, "nothing was read"},
		{"counter", "add;1;ok;1, add;1;ok;2, add;1;ok;2", checker.Invalid, ""},
		{"counter", "add;1;ok;1, add;1;ok;2, add;3;ok;5, read;nil;ok;5", checker.Valid, ""},
		{"counter", "increment;nil;ok;1, increment;1;ok;2, read;nil;ok;2", checker.Valid, ""},
		{"counter", "increment;nil;ok;1, increment;1;ok;1, read;nil;ok;2", checker.Invalid, ""},
		{"counter", "add;1;ok;1, add;1;ok;1, read;nil;ok;2", checker.Valid, ""},
		{"counter", "add;1;ok;nil, add;1;ok;nil", checker.Unknown, "nothing"},
		{"set", "add;1;ok;1, read;nil;ok;nil", checker.Invalid, ""},
		{"log", "append;1;ok;1, read;nil;ok;nil", checker.Invalid, ""},
		{"queue", "enqueue;1;ok;1, dequeue;nil;fail;nil", checker.Unknown, "dequeue did not succeed"},
		{"jepsen-queue", "enqueue;1;ok;1, dequeue;nil;ok;nil", checker.Unknown, "nothing ever came out"},
		{"register", "write;1;ok;1, write;2;ok;2", checker.Unknown, "nothing was ever read"},
		{"bank", "transfer;{:from 0};fail;nil, read;nil;ok;{0 1}", checker.Unknown, "transfer did not succeed"},
		{"long-fork", "txn;[[:w 1 1]];ok;[[:w 1 1]]", checker.Unknown, "nothing was ever read"},
		{"cache", "write;nil;ok;1", checker.Unknown, "nothing was ever read"},
		{"stats", "write;1;ok;1", checker.Valid, ""},
	} {
		c, err := New(Options{Model: tc.model})
		require.NoError(t, err)
		rec, err := c.Read(recorded(strings.NewReader(spelled(strings.Split(tc.calls, ", ")...))))
		require.NoError(t, err, "%s: %s", tc.model, tc.calls)
		j, err := c.Judge(t.Context(), rec)
		require.NoError(t, err)
		assert.Equal(t, tc.want, j.Verdict, "%s: %s: %s", tc.model, tc.calls, j.Reason)
		assert.Contains(t, j.Reason+strings.Join(j.Remarks(), ""), tc.says, "%s: %s", tc.model, tc.calls)
	}
}
