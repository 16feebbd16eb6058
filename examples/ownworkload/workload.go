package ownworkload

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/workloads"
)

// In is what a client asks: for all balances, or for a transfer. It is kept in
// histories as JSON.
type In struct {
	F      string `json:"f"` // read or transfer
	From   int    `json:"from,omitempty"`
	To     int    `json:"to,omitempty"`
	Amount int    `json:"amount,omitempty"`
}

// String says what is asked, for those who read a counterexample.
func (in In) String() string {
	if in.F == "read" {
		return "read all accounts"
	}
	return fmt.Sprintf("transfer %d from account %d to %d", in.Amount, in.From, in.To)
}

// Out is what it is answered: the balances, or whether there was enough money.
type Out struct {
	Balances []int `json:"balances,omitempty"`
	Moved    bool  `json:"moved,omitempty"`
}

// Workload has clients move money and look at all accounts, half the time each.
// Whenever one looks, there must be as much money as in the beginning.
func Workload(b Bank) workloads.Workload {
	return workloads.New(workloads.Spec[Client, In, Out]{
		Name:    "bank",
		Open:    b.Open,
		Next:    next,
		Invoke:  invoke,
		Checker: checker.Func(sameTotal),
	})
}

// next draws from t.Rand, and from nothing else.
func next(t workloads.Turn[In, Out]) In {
	if t.Rand.IntN(2) == 0 {
		return In{F: "read"}
	}
	from := t.Rand.IntN(Accounts)
	to := (from + 1 + t.Rand.IntN(Accounts-1)) % Accounts
	return In{F: "transfer", From: from, To: to, Amount: 1 + t.Rand.IntN(20)}
}

// invoke returns any error as it is: then it is indeterminate whether the money was moved.
func invoke(ctx context.Context, c Client, in In) (Out, error) {
	if in.F == "read" {
		balances, err := c.Balances(ctx)
		return Out{Balances: balances[:]}, err
	}
	moved, err := c.Transfer(ctx, in.From, in.To, in.Amount)
	return Out{Moved: moved}, err
}

// sameTotal finds the first read that does not add up.
func sameTotal(_ context.Context, h *history.History) checker.Result {
	r := checker.Result{Checker: "same total", Broken: "the total changed"}
	reads := 0
	for c := range h.Calls() {
		out, ok := c.Complete.Output.(Out)
		if !ok || out.Balances == nil {
			continue
		}
		reads++
		total := 0
		for _, b := range out.Balances {
			total += b
		}
		if total != Accounts*Initial {
			r.Verdict = checker.Invalid
			r.Reason = fmt.Sprintf("process %d saw %d in all accounts together, but there is %d", c.Invoke.Process, total, Accounts*Initial)
			r.Counterexample = &checker.Counterexample{Reason: r.Reason, Calls: []history.Call{c}, Judged: h.Len() / 2}
			return r
		}
	}
	r.Reason = fmt.Sprintf("%d reads saw %d each", reads, Accounts*Initial)
	return r
}
