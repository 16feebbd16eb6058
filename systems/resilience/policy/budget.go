package policy

import "sync"

// A Budget bounds retries by counting them against requests: each request adds Ratio of a token, and each retry takes one. So of n requests
// at most n·(1+Ratio) tries are made, and Reserve more. The algorithm is that of Finagle's RetryBudget, without its expiry.
//
// The budgets of libraries count otherwise: failsafe-go's bounds the share of retries among what is in flight at an instant
// ([FailsafeBudget]), and the token buckets of gRPC and retry-go are filled by successes.
type Budget struct {
	Ratio   float64 // retries a request; 0: no budget, all retries are made
	Reserve float64 // tokens in the beginning, and the most that are kept is 10 more than that
}

// mostSaved is how many tokens above the reserve a budget keeps: what a long calm saves must not pay for a storm.
const mostSaved = 10

// A tokens is the state of a budget.
type tokens struct {
	Budget
	mu   sync.Mutex
	left float64
}

func (b Budget) open() *tokens { return &tokens{Budget: b, left: b.Reserve} }

// request adds what a request is worth.
func (t *tokens) request() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = min(t.left+t.Ratio, t.Reserve+mostSaved)
}

// retry takes a token for a retry, and reports whether there was one.
func (t *tokens) retry() bool {
	if t.Ratio == 0 {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.left < 1 {
		return false
	}
	t.left--
	return true
}
