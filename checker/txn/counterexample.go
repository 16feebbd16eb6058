package txn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// Counterexample returns the anomaly as a page shows it: with the calls of its transactions in the order in which they began, linked by the
// dependencies. Its texts call them by their places there, from T1. calls has the call of each transaction.
func (a Anomaly) Counterexample(calls map[int32]history.Call, judged int) *checker.Counterexample {
	w := &checker.Counterexample{Key: a.Key, Blamed: -1, Judged: judged}
	place := map[int32]int{}
	for _, t := range slices.Compact(slices.Sorted(slices.Values(a.Cast()))) {
		place[t] = len(w.Calls)
		w.Calls = append(w.Calls, calls[t])
	}
	name := func(t int32) string {
		if p, ok := place[t]; ok {
			return fmt.Sprintf("T%d", p+1)
		}
		return fmt.Sprintf("transaction %d of the history", t)
	}
	w.Reason = a.Reason.Named(name)
	for _, e := range a.Edges {
		label := strings.TrimSpace(e.Kind.String() + " " + e.Key)
		w.Links = append(w.Links, checker.Link{From: place[e.From], To: place[e.To], Label: label, Reason: e.Reason.Named(name)})
	}
	return w
}

// CallsOf returns the calls of the transactions of an anomaly in the history that [Of] read.
func (h *History) CallsOf(recorded *history.History, a Anomaly) map[int32]history.Call {
	at := map[int]int32{} // transactions by the index of their invocation
	for _, t := range a.Cast() {
		at[int(h.Places[t].Line)-1] = t
	}
	calls := map[int32]history.Call{}
	for c := range recorded.Calls() {
		if t, ok := at[c.Invoke.Index]; ok {
			calls[t] = c
		}
	}
	return calls
}
