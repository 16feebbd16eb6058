// Package flawed is a store with a mistake that makes every rule of Jepsen's and of consistency fire: each node answers by itself, tells the others
// later, each thing after a time of its own, and loses all when it crashes. Its clients ask another node each time. It holds registers, a set, a counter, a queue,
// identifiers, a bank and a table, and objects of transactions and logs, so that a checker of each has a system to judge. The twin without the mistake asks node n1 alone.
package flawed

import (
	"context"
	"slices"
	"time"

	"github.com/capsize-go/capsize/checker/jepsen"
	"github.com/capsize-go/capsize/checker/txn/kafka"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// A Store is the store. Nodes is what clients choose from: those of [Store.Nodes], or n1 alone if Right is set.
type Store struct {
	Right   bool // the twin without the mistake
	Garbles bool // answers one read of a register in ten with what no client wrote
}

// Nodes is how many nodes the store has.
func (Store) Nodes() int { return 3 }

// EventDriven says that the store uses handlers and timers alone.
func (Store) EventDriven() {}

// An Op is what clients ask of the set, the counter, the queue, the identifiers and the table, as the checkers of Jepsen expect it.
type Op struct {
	F     string `json:"f"`
	Value int    `json:"value,omitempty"`
}

// A request is what a client sends to a node. What says which object is asked.
type request struct {
	What string
	In   any
}

// An update is what a node tells the others.
type update struct{ request }

// lag is the longest time after which a node tells another one.
const lag = 300 * time.Millisecond

// accounts of the bank, and what each has in the beginning.
const (
	accounts = 4
	deposit  = 100
)

// A node is what one node knows in one life.
type node struct {
	s Store
	h *cluster.Host

	registers map[string]int
	groups    map[int]int
	set       []int
	counter   int
	queue     []int
	ids       int
	balances  [accounts]int
	rows      []jepsen.MonotonicRow
	last      int // value of the table
	objects       // of transactions
}

// Run runs one node.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	n := &node{s: s, h: h, registers: map[string]int{}, groups: map[int]int{}, objects: newObjects()}
	for i := range n.balances {
		n.balances[i] = deposit
	}
	h.Handle(func(m cluster.Message) {
		switch b := m.Body.(type) {
		case request:
			m.Reply(n.answer(b))
		case update:
			n.apply(b.request)
		}
	})
	<-ctx.Done()
	return nil
}

// tell has the other nodes do the same, each after a time of its own.
func (n *node) tell(r request) {
	if n.s.Right {
		return
	}
	for _, other := range n.h.Nodes() {
		if other != n.h.Name() {
			n.h.AfterFunc(time.Duration(n.h.Rand().Int64N(int64(lag))), func() { n.h.Send(other, update{r}) })
		}
	}
}

// answer does what a client asks, and tells the others.
func (n *node) answer(r request) any {
	switch in := r.In.(type) {
	case model.RegisterOp:
		if in.F == "read" {
			return n.register(in.Key)
		}
	case jepsen.GroupOp:
		if in.F == "read" {
			return n.group(in.Keys)
		}
	case jepsen.BankOp:
		return n.bank(in)
	case model.Txn:
		return n.txn(in)
	case logTxn:
		return n.logTxn(in)
	case Op:
		if out, asked := n.read(r.What, in); asked {
			return out
		}
		if r.What == "table" {
			row := jepsen.MonotonicRow{Value: n.last + 1, Stamp: n.h.Clock().Now().UnixMicro()}
			n.both(request{r.What, row})
			return row
		}
	}
	n.both(r)
	return done{}
}

// both does something here and tells the others.
func (n *node) both(r request) {
	n.apply(r)
	n.tell(r)
}

// done is the answer to what has none.
type done struct{}

// register returns what a register has. One that has nothing answers so, which is no answer to a read.
func (n *node) register(key string) any {
	if v, ok := n.registers[key]; ok {
		if n.s.Garbles && n.h.Rand().IntN(10) == 0 {
			return -v
		}
		return v
	}
	return done{}
}

func (n *node) group(keys []int) []int {
	var values []int
	for _, k := range keys {
		if v, ok := n.groups[k]; ok {
			values = append(values, v)
		} else {
			values = append(values, model.Nil)
		}
	}
	return values
}

// bank moves money in two steps, which the others hear of apart.
func (n *node) bank(in jepsen.BankOp) any {
	if in.F == "read" {
		return slices.Clone(n.balances[:])
	}
	for _, step := range []entry{{in.From, -in.Amount}, {in.To, in.Amount}} {
		n.both(request{"bank", step})
	}
	return done{}
}

// An entry changes one account.
type entry struct{ account, amount int }

// read answers what changes nothing but a queue or the identifiers.
func (n *node) read(what string, in Op) (out any, asked bool) {
	switch {
	case in.F == "read" && what == "set":
		return slices.Clone(n.set), true
	case in.F == "read" && what == "counter":
		return n.counter, true
	case in.F == "read" && what == "table":
		rows := slices.Clone(n.rows)
		slices.SortStableFunc(rows, func(a, b jepsen.MonotonicRow) int { return int(a.Stamp - b.Stamp) })
		return rows, true
	case in.F == "generate":
		n.ids++
		return n.ids, true
	case in.F == "dequeue" && len(n.queue) == 0:
		return model.Nil, true
	case in.F == "dequeue":
		v := n.queue[0]
		n.queue = n.queue[1:]
		return v, true
	case in.F == "drain":
		all := n.queue
		n.queue = nil
		return all, true
	}
	return nil, false
}

// apply does what is asked here or was asked elsewhere.
func (n *node) apply(r request) {
	switch in := r.In.(type) {
	case model.RegisterOp:
		n.registers[in.Key] = in.Value
	case jepsen.GroupOp:
		n.groups[in.Keys[0]] = in.Value
	case model.TxnOp:
		n.write(in)
	case kafka.LogOp:
		n.logs[in.Key] = append(n.logs[in.Key], in.Value)
	case entry:
		n.balances[in.account] += in.amount
	case jepsen.MonotonicRow:
		n.rows, n.last = append(n.rows, in), max(n.last, in.Value)
	case Op:
		switch r.What {
		case "set":
			n.set = append(n.set, in.Value)
		case "counter":
			n.counter += in.Value
		case "queue":
			n.queue = append(n.queue, in.Value)
		}
	}
}
