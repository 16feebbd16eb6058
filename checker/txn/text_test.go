package txn_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// TestTextNames has a key, a value and the format itself look like the name of a transaction.
func TestTextNames(t *testing.T) {
	text := txn.Sayf("T%d read %s as %d, and %d of T%d%s", int32(12), "T12", 12, 3, 7, "T7\x01"+"12\x02")
	text += txn.Sayf("; %s", txn.JoinTexts([]txn.Text{txn.Sayf("T%d", 7), "T7"}, " and "))
	assert.Equal(t, "T12 read T12 as 12, and 3 of T7T7\ufffd12\ufffd; T7 and T7", text.String())
	assert.Equal(t, "A read T12 as 12, and 3 of BT7\ufffd12\ufffd; B and T7", text.Named(func(n int32) string { return map[int32]string{12: "A", 7: "B"}[n] }))
	b, err := json.Marshal(text)
	require.NoError(t, err)
	assert.JSONEq(t, `"`+text.String()+`"`, string(b))
	assert.Equal(t, "it is 50", txn.Sayf("it is %d", 50).String(), "only T%d is a name")
}

// TestCounterexample calls transactions by their places on a page, also those that only the cases of the anomaly name.
func TestCounterexample(t *testing.T) {
	a := txn.Anomaly{
		Txns: []int32{9, 4}, Reason: txn.Sayf("T%d and T%d, unless T%d wrote T4", 9, 4, 6),
		Edges: []txn.Edge{{From: 9, To: 4, Kind: txn.RW, Key: "T9", Reason: txn.Sayf("read T9 as 1, without 2 of T%d", 4)}, {From: 4, To: 9, Kind: txn.SO}},
		Cases: []txn.Case{{Assumed: []txn.Edge{{From: 6, To: 9}}}},
	}
	calls := map[int32]history.Call{}
	for _, i := range []int32{4, 6, 9} {
		calls[i] = history.Call{Invoke: history.Op{Index: int(i)}}
	}
	w := a.Counterexample(calls, 20)
	assert.Equal(t, "T3 and T1, unless T2 wrote T4", w.Reason)
	assert.Equal(t, []int{4, 6, 9}, []int{w.Calls[0].Invoke.Index, w.Calls[1].Invoke.Index, w.Calls[2].Invoke.Index})
	require.Len(t, w.Links, 2)
	assert.Equal(t, 2, w.Links[0].From)
	assert.Equal(t, 0, w.Links[0].To)
	assert.Equal(t, "rw T9", w.Links[0].Label)
	assert.Equal(t, "read T9 as 1, without 2 of T1", w.Links[0].Reason)
	assert.Equal(t, "so", w.Links[1].Label)
	assert.Equal(t, 20, w.Judged)
}
