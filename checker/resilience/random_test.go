package resilience_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

const ms = time.Millisecond

// An event is an op of a random history that has no index yet.
type event struct {
	at    int // in ms
	order float64
	op    history.Op
}

// randomHistory returns a history of up to 30 calls of the functions, with ties in time, few names, pending calls and failures.
func randomHistory(r *rand.Rand, fs ...string) *history.History {
	var events []event
	n := 1 + r.IntN(30)
	for p := range n {
		in := randomInput(r, fs[r.IntN(len(fs))])
		if in.F == "request" && r.IntN(8) > 0 {
			in.ID = p // an ID twice is rare
		}
		begin := r.IntN(60)
		end := begin + r.IntN(20)
		if in.F == "request" && r.IntN(4) > 0 {
			in.Deadline = time.Duration(begin+1+r.IntN(15)) * ms
		}
		order := r.Float64()
		events = append(events, event{begin, order, history.Op{Process: p, Type: history.Invoke, Input: in}})
		if op, ends := randomEnd(r, in); ends {
			op.Process = p
			events = append(events, event{end, 1 + r.Float64(), op})
		} else if op.Err != "" {
			op.Process = p
			events = append(events, event{80, 1 + r.Float64(), op})
		}
	}
	// something else happens last, so that the history does not end with the last call
	events = append(events, event{60 + r.IntN(21), 3, history.Op{Process: n, Type: history.Invoke, Input: "other"}})
	slices.SortFunc(events, func(a, b event) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.order, b.order)) })
	h := &history.History{}
	for _, e := range events {
		e.op.Time = time.Duration(e.at) * ms
		h.Add(e.op)
	}
	return h
}

func randomInput(r *rand.Rand, f string) model.RequestOp {
	return model.RequestOp{
		F: f, ID: r.IntN(12), Route: []string{"/a", "/b"}[r.IntN(2)], At: []string{"n1", "n2", "n3"}[r.IntN(3)], By: []string{"ann", "bob"}[r.IntN(2)],
		Depth: r.IntN(3), N: r.IntN(3),
	}
}

// randomEnd returns how a call ends. If it does not, it may say where it waits when the run ends.
func randomEnd(r *rand.Rand, in model.RequestOp) (op history.Op, ends bool) {
	switch r.IntN(8) {
	case 0:
		return op, false
	case 1:
		return history.Op{Type: history.Info, Err: "still waits in pool.Get (pool.go:7)"}, false
	case 2:
		return history.Op{Type: history.Fail, Err: "refused"}, true
	case 3:
		return history.Op{Type: history.Info, Err: "timeout"}, true
	}
	op = history.Op{Type: history.OK}
	if in.F == "request" || in.F == "probe" {
		op.Output = model.Answer{Up: r.IntN(2) == 0, Partial: r.IntN(4) == 0, Missing: max(0, r.IntN(4)-2)}
	}
	return op, true
}

// A naive is a call as the definitions of this test read it.
type naive struct {
	history.Call
	in  model.RequestOp
	end time.Duration // history.Forever if it had not ended with the run
}

func (c naive) ok() bool { return c.Complete.Type == history.OK }

// naives returns the calls with a function.
func naives(h *history.History, f string) (all []naive) {
	for c := range h.Calls() {
		in, ok := c.Invoke.Input.(model.RequestOp)
		if !ok || in.F != f {
			continue
		}
		n := naive{c, in, c.Complete.Time}
		if len(c.Complete.Err) > 5 && c.Complete.Err[:5] == "still" {
			n.end = history.Forever
		}
		all = append(all, n)
	}
	return all
}

// requestOf returns the first request with an ID.
func requestOf(requests []naive, id int) (naive, bool) {
	i := slices.IndexFunc(requests, func(c naive) bool { return c.in.ID == id })
	if i < 0 {
		return naive{}, false
	}
	return requests[i], true
}
