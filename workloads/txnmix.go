package workloads

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/capsize-go/capsize/model"
)

// A TxnMix is the load that clients of transactions make. The zero value of a field stands for its default.
//
// Clients work on a few keys at a time, so that transactions meet. A key that has been written MaxWrites times, about, gives its
// place to a new one: a list that is read gets longer with each append, and a new key has a beginning that can be got wrong as well.
type TxnMix struct {
	Keys      int     // that are in use at a time; default 5
	MaxWrites int     // of a key before another takes its place, about; default 32
	MinLength int     // operations of a transaction; default 1
	MaxLength int     // default 4, or MinLength if that is more
	ReadShare float64 // of operations that read, from 0 to 1; default 0.5; a negative number is none
	// BlindShare is the share of writes of registers that follow no read of their key in their transaction, from 0 to 1. Default 0: each
	// write comes after a read, so that the order of the versions of a key is known, and no search is needed to judge
	// the history; see Gu et al., Mini-transactions (arXiv 2504.02344). The workload Append has no use for it.
	BlindShare   float64
	Distribution Distribution // of the keys in use; default Uniform
}

// A Distribution says how often each of the keys in use is drawn.
type Distribution uint8

const (
	Uniform Distribution = iota // all alike
	Zipf                        // the first twice as often as the second, three times as often as the third, and so on
)

// withDefaults returns the mix with the defaults of the fields that are zero, and with numbers that make sense.
func (m TxnMix) withDefaults() TxnMix {
	set := func(n *int, value int) {
		if *n <= 0 {
			*n = value
		}
	}
	set(&m.Keys, 5)
	set(&m.MaxWrites, 32)
	set(&m.MinLength, 1)
	set(&m.MaxLength, max(4, m.MinLength))
	m.MaxLength = max(m.MaxLength, m.MinLength)
	if m.ReadShare == 0 {
		m.ReadShare = 0.5
	}
	m.ReadShare = min(max(m.ReadShare, 0), 1)
	m.BlindShare = min(max(m.BlindShare, 0), 1)
	return m
}

// A txnTurn is the turn of a client of transactions.
type txnTurn = Turn[model.Txn, model.Txn]

// draw returns one of the places for keys, from 0.
func (m TxnMix) draw(t txnTurn) int {
	if m.Distribution != Zipf {
		return t.Rand.IntN(m.Keys)
	}
	x := t.Rand.Float64()
	for i := range m.Keys {
		if x -= m.weight(i); x < 0 {
			return i
		}
	}
	return m.Keys - 1
}

// weight is the chance that a place is drawn.
func (m TxnMix) weight(place int) float64 {
	if m.Distribution != Zipf {
		return 1 / float64(m.Keys)
	}
	all := 0.0
	for i := range m.Keys {
		all += 1 / float64(i+1)
	}
	return 1 / float64(place+1) / all
}

// key returns the key that has a place at a turn. It depends on the number of the turn and nothing else, so clients that lag behind
// stay with keys that the others have left.
func (m TxnMix) key(t txnTurn, place int) string {
	ops := float64(m.MinLength+m.MaxLength) / 2
	written := float64(t.Number()) * ops * (1 - m.ReadShare) * m.weight(place)
	stagger := float64(place) / float64(m.Keys) // keys are not to change all at once
	return m.keyOf(int(written/float64(m.MaxWrites)+stagger), place)
}

// keyOf returns the key of a place in a generation of keys, from 0.
func (m TxnMix) keyOf(generation, place int) string {
	return "k" + strconv.Itoa(generation*m.Keys+place)
}

// value returns the value of an operation of a turn, which no other operation of any turn has.
func (m TxnMix) value(t txnTurn, op int) int { return numbered(t.Number(), op, m.MaxLength+1) }

// length draws how many operations a transaction has.
func (m TxnMix) length(t txnTurn) int { return m.MinLength + t.Rand.IntN(m.MaxLength-m.MinLength+1) }

const (
	// finalFailures is how many final turns a client has before one that fails is its last.
	finalFailures = 30
	// finalTurns is how many a client has at most.
	finalTurns = 2000
)

// final reads all keys of a generation in each turn, until none of them was ever written.
func (m TxnMix) final(t txnTurn) (model.Txn, bool) {
	written := func(o model.TxnOp) bool { return len(o.List) > 0 || o.Value != 0 }
	switch {
	case t.Index > 0 && t.OK && !slices.ContainsFunc(t.Answer, written):
		return nil, false
	case t.Index > finalFailures && !t.OK, t.Index >= finalTurns:
		return nil, false
	}
	var in model.Txn
	for place := range m.Keys {
		in = append(in, model.TxnOp{F: model.TxnRead, Key: m.keyOf(t.Index, place)})
	}
	return in, true
}

// onlyTxns returns a workload that accepts transactions of some kinds of operations.
func onlyTxns(w Workload, kinds ...string) Workload {
	typed := w.Accepts
	w.Accepts = func(in any) error {
		if err := typed(in); err != nil {
			return err
		}
		ops := in.(model.Txn)
		if len(ops) == 0 {
			return fmt.Errorf("a transaction of an input has no operations")
		}
		for _, o := range ops {
			if !slices.Contains(kinds, o.F) {
				return fmt.Errorf("an operation %q of an input is none of %v", o.F, kinds)
			}
		}
		return nil
	}
	return w
}
