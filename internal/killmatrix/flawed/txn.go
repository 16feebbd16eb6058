package flawed

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/capsize-go/capsize/checker/txn/kafka"
	"github.com/capsize-go/capsize/model"
)

// The objects of transactions are in each node's copy. A node carries out a transaction by itself, and tells the others of each of its writes apart.
type objects struct {
	lists  map[string][]int
	values map[string]int // of registers and rows
	logs   map[string][]int
}

func newObjects() objects {
	return objects{map[string][]int{}, map[string]int{}, map[string][]int{}}
}

// Txn carries out a transaction; see [workloads.Transactor].
func (c *Client) Txn(ctx context.Context, ops []model.TxnOp) ([]model.TxnOp, error) {
	out, err := c.Ask(ctx, "txn", model.Txn(ops))
	if err != nil {
		return nil, err
	}
	return out.(model.Txn), nil
}

// txn carries out a transaction.
func (n *node) txn(in model.Txn) model.Txn {
	out := slices.Clone(in)
	for i, op := range out {
		switch op.F {
		case model.TxnRead:
			out[i].List, out[i].Value = slices.Clone(n.lists[op.Key]), n.values[op.Key]
		case model.TxnReadAll:
			out[i].Rows = n.matching(op.Key)
		default:
			n.both(request{"txn", op})
		}
	}
	return out
}

// matching returns the rows of a predicate like "[= 3]".
func (n *node) matching(predicate string) map[string]int {
	rows := maps.Clone(n.values)
	maps.DeleteFunc(rows, func(_ string, v int) bool { return predicate != fmt.Sprintf("[= %d]", v) })
	return rows
}

// write does what an operation of a transaction changes.
func (n *node) write(op model.TxnOp) {
	switch op.F {
	case model.TxnAppend:
		n.lists[op.Key] = append(n.lists[op.Key], op.Value)
	case model.TxnDelete:
		delete(n.values, op.Key)
	default:
		n.values[op.Key] = op.Value
	}
}

// A logTxn is a transaction of sends and polls, with the next offset of each log that the client polls.
type logTxn struct {
	ops []kafka.LogOp
	at  map[string]int
}

// Do sends and polls; see [workloads.LogClient].
func (c *Client) Do(ctx context.Context, in kafka.Request) (kafka.Reply, error) {
	if in.F == kafka.Assign {
		c.polls = in.Keys
		return kafka.Reply{}, nil
	}
	at := map[string]int{}
	for _, log := range c.polls {
		at[log] = c.at[log]
	}
	out, err := c.Ask(ctx, "logs", logTxn{slices.Clone(in.Ops), at})
	if err != nil {
		return kafka.Reply{}, err
	}
	reply := kafka.Reply{Ops: out.([]kafka.LogOp)}
	for _, op := range reply.Ops {
		for log, got := range op.Polled { // order: each log is by itself
			c.at[log] += len(got)
		}
	}
	return reply, nil
}

// logTxn carries out a transaction of logs. Its messages are in their logs when it is over, so it does not poll them itself.
func (n *node) logTxn(in logTxn) []kafka.LogOp {
	at := maps.Clone(in.at)
	for i, op := range in.ops {
		if op.F != kafka.Poll {
			continue
		}
		in.ops[i].Polled = map[string][]kafka.Message{}
		for _, log := range slices.Sorted(maps.Keys(at)) {
			for ; at[log] < len(n.logs[log]); at[log]++ {
				in.ops[i].Polled[log] = append(in.ops[i].Polled[log], kafka.Message{Offset: int64(at[log]), Value: n.logs[log][at[log]]})
			}
		}
	}
	for i, op := range in.ops {
		if op.F == kafka.Send {
			in.ops[i].Known, in.ops[i].Offset = true, int64(len(n.logs[op.Key]))
			n.both(request{"logs", op})
		}
	}
	return in.ops
}
