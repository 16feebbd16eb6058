// Package ownworkload is a bank, a workload for it, and the checker that finds out
// when money is made or lost. All a workload of your own takes is in workload.go.
package ownworkload

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// The bank has as many accounts, and each holds as much in the beginning.
const (
	Accounts = 5
	Initial  = 100
)

// A Bank keeps its accounts on node n1; the others pass on what they are asked.
// The zero Bank is right. It answers messages, one at a time, so all that it does
// at once takes effect at once.
type Bank struct {
	InTwoSteps bool // takes the money first, and hands it over a millisecond later
}

// A transfer asks to move money, and is answered whether it was moved.
type transfer struct{ from, to, amount int }

// A statement asks for all balances, and is answered with them.
type statement struct{}

// Run runs one node.
func (b Bank) Run(ctx context.Context, h *cluster.Host) error {
	balance := [Accounts]int{}
	for i := range balance {
		balance[i] = Initial
	}
	h.Handle(func(m cluster.Message) {
		if h.Name() != "n1" {
			m.Forward("n1")
			return
		}
		switch ask := m.Body.(type) {
		case statement:
			m.Reply(balance)
		case transfer:
			if balance[ask.from] < ask.amount {
				m.Reply(false)
				return
			}
			balance[ask.from] -= ask.amount
			arrive := func() {
				balance[ask.to] += ask.amount
				m.Reply(true)
			}
			if b.InTwoSteps {
				h.AfterFunc(time.Millisecond, arrive)
			} else {
				arrive()
			}
		}
	})
	<-ctx.Done()
	return nil
}

// A Client asks one node of the bank.
type Client struct{ h *cluster.Host }

// Open returns a client of the node that the host is bound to.
func (b Bank) Open(_ context.Context, h *cluster.Host) (Client, error) { return Client{h}, nil }

// Close has nothing to close.
func (c Client) Close() error { return nil }

// Transfer moves money, if there is enough of it, and reports whether there was.
func (c Client) Transfer(ctx context.Context, from, to, amount int) (bool, error) {
	return ask[bool](ctx, c, transfer{from, to, amount})
}

// Balances returns what is in each account.
func (c Client) Balances(ctx context.Context) ([Accounts]int, error) {
	return ask[[Accounts]int](ctx, c, statement{})
}

func ask[A any](ctx context.Context, c Client, question any) (a A, err error) {
	v, err := c.h.Call(ctx, c.h.Node(), question)
	if err != nil {
		return a, err
	}
	a, ok := v.(A)
	if !ok {
		return a, fmt.Errorf("the bank answered %T", v)
	}
	return a, nil
}
