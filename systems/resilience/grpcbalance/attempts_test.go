package grpcbalance_test

import (
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/model"
)

// attemptsOfFirst returns how many attempts the first requests had that began at an instant or later.
func attemptsOfFirst(r *capsize.Result, from time.Duration, requests int) int {
	counted, n := map[int]bool{}, 0
	for c := range r.History.Calls() {
		in := c.Invoke.Input.(model.RequestOp)
		switch {
		case in.F == "request" && c.Invoke.Time >= from && len(counted) < requests:
			counted[in.ID] = true
		case in.F == "attempt" && counted[in.ID]:
			n++
		}
	}
	return n
}
