package workloads

import "github.com/capsize-go/capsize/history"

// A callAt is the place of a call in a history: a checker that keeps many calls keeps their places, which take eight bytes each.
type callAt struct{ invoke, complete int32 }

func placeOf(c history.Call) callAt { return callAt{int32(c.Invoke.Index), int32(c.Complete.Index)} }

// in returns the call.
func (c callAt) in(h *history.History) history.Call { return h.CallAt(int(c.invoke), int(c.complete)) }

// callsAt returns the calls at some places.
func callsAt(h *history.History, places []callAt) (calls []history.Call) {
	for _, p := range places {
		calls = append(calls, p.in(h))
	}
	return calls
}
