package workloads

import (
	"context"
	"fmt"
	"strconv"

	"github.com/capsize-go/capsize/checker/jepsen"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

const (
	bankAccounts = 6
	bankBalance  = 100 // of each account in the beginning
	bankMost     = 5   // that is moved at once
	bankTurns    = 200 // of all clients before they turn to the next bank, whose accounts have shorter lists
)

// A BankOp is an input of [Bank]: a transfer between two accounts of a bank, or a read of all of its accounts.
type BankOp struct {
	F      string `json:"f"`   // transfer or read
	Key    string `json:"key"` // the bank
	From   int    `json:"from,omitempty"`
	To     int    `json:"to,omitempty"`
	Amount int    `json:"amount,omitempty"`
	Number int    `json:"number,omitempty"` // of a transfer: no other has it
}

// String says what is asked.
func (o BankOp) String() string {
	if o.F == "read" {
		return o.F + " " + o.Key
	}
	return fmt.Sprintf("%s %d from %d to %d", o.F, o.Amount, o.From, o.To)
}

// Bank is a workload of transfers between accounts, and of reads of all accounts of a bank: the total must always be the same.
// An account is a list of what was moved to it and from it, so that a transfer needs no read before it: it appends to the lists of both
// accounts. A balance may become negative. The checker is [jepsen.Bank]; what it finds, such as a read that has seen one half of a
// transfer, consistent view and all stronger models forbid.
func Bank[C Transactor](open func(ctx context.Context, h *cluster.Host) (C, error)) Workload {
	total := bankAccounts * bankBalance
	return New(Spec[C, BankOp, []int]{
		Name:   "bank",
		Open:   open,
		Next:   nextBankOp,
		Invoke: invokeBank[C],
		Final: func(t Turn[BankOp, []int]) (BankOp, bool) {
			untouched := t.OK
			for _, balance := range t.Answer {
				untouched = untouched && balance == bankBalance
			}
			if t.Index > 0 && untouched || t.Index > finalFailures && !t.OK || t.Index >= finalTurns {
				return BankOp{}, false
			}
			return BankOp{F: "read", Key: bankName(t.Index)}, true
		},
		Key:     func(in BankOp) string { return in.Key },
		Checker: jepsen.Bank(jepsen.BankRule{Total: &total, Negative: true}),
	})
}

func bankName(i int) string { return "bank" + strconv.Itoa(i) }

func accountKey(bank string, account int) string { return bank + "/" + strconv.Itoa(account) }

// nextBankOp reads a bank, or moves money in it, half of the time each.
func nextBankOp(t Turn[BankOp, []int]) BankOp {
	bank := bankName((t.Number() - 1) / bankTurns)
	if t.Rand.IntN(2) == 0 {
		return BankOp{F: "read", Key: bank}
	}
	from := t.Rand.IntN(bankAccounts)
	to := (from + 1 + t.Rand.IntN(bankAccounts-1)) % bankAccounts
	return BankOp{F: "transfer", Key: bank, From: from, To: to, Amount: 1 + t.Rand.IntN(bankMost), Number: t.Number()}
}

// bankBase is above twice the most that is moved. An entry in the list of an account is positive and there once: the number of the
// transfer times the base, and what was moved, to which bankMost is added since it may be negative.
const bankBase = 100

func bankEntry(number, moved int) int { return number*bankBase + bankMost + moved }

func bankMoved(entry int) int { return entry%bankBase - bankMost }

// invokeBank makes a transaction of what is asked.
func invokeBank[C Transactor](ctx context.Context, c C, in BankOp) ([]int, error) {
	if in.F == "transfer" {
		_, err := invokeTxn(ctx, c, model.Txn{
			{F: model.TxnAppend, Key: accountKey(in.Key, in.From), Value: bankEntry(in.Number, -in.Amount)},
			{F: model.TxnAppend, Key: accountKey(in.Key, in.To), Value: bankEntry(in.Number, in.Amount)},
		})
		return nil, err
	}
	var ops model.Txn
	for i := range bankAccounts {
		ops = append(ops, model.TxnOp{F: model.TxnRead, Key: accountKey(in.Key, i)})
	}
	answer, err := invokeTxn(ctx, c, ops)
	if err != nil {
		return nil, err
	}
	balances := make([]int, len(answer))
	for i, op := range answer {
		balances[i] = bankBalance
		for _, entry := range op.List {
			balances[i] += bankMoved(entry)
		}
	}
	return balances, nil
}
