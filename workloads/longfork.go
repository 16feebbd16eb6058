package workloads

import (
	"context"
	"fmt"
	"strconv"

	"github.com/capsize-go/capsize/checker/jepsen"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// forkKeys is how many keys a group of [LongFork] has.
const forkKeys = 3

// forkTurns is how many turns of all clients are about one group.
const forkTurns = 4 * forkKeys

// LongFork is a workload that looks for two writes which are seen in different orders: each key is written once, by a transaction that
// does nothing else, while others read it together with the other keys of its group. Snapshot isolation forbids that one read has
// seen the first of two writes alone, and another one the second; parallel snapshot isolation does not: Sovran et al., Transactional
// storage for geo-replicated systems (SOSP 2011). The checker is [jepsen.LongFork].
func LongFork[C Transactor](open func(ctx context.Context, h *cluster.Host) (C, error)) Workload {
	return New(Spec[C, jepsen.GroupOp, []int]{
		Name:   "long-fork",
		Open:   open,
		Next:   nextInGroup,
		Invoke: invokeGroup[C],
		Final: func(t Turn[jepsen.GroupOp, []int]) (jepsen.GroupOp, bool) {
			unwritten := t.OK
			for _, v := range t.Answer {
				unwritten = unwritten && v == model.Nil
			}
			if t.Index > 0 && unwritten || t.Index > finalFailures && !t.OK || t.Index >= finalTurns {
				return jepsen.GroupOp{}, false
			}
			return readOfGroup(t, t.Index), true
		},
		Checker: jepsen.LongFork(forkKeys),
	})
}

// nextInGroup writes the next key of the group at hand, or reads that group or the one before it, whose writes may still be on their way.
// The writes of a group come at about the same time, and the client of each reads the group next.
func nextInGroup(t Turn[jepsen.GroupOp, []int]) jepsen.GroupOp {
	n := t.Number() - 1
	group := n / forkTurns
	if key := n%forkTurns - forkKeys; key >= 0 && key < forkKeys {
		return jepsen.GroupOp{F: "write", Keys: []int{group*forkKeys + key}, Value: 1}
	}
	if t.Last.F == "write" {
		return readOfGroup(t, t.Last.Keys[0]/forkKeys)
	}
	return readOfGroup(t, max(0, group-t.Rand.IntN(2)))
}

// readOfGroup returns a read of all keys of a group, in any order.
func readOfGroup(t Turn[jepsen.GroupOp, []int], group int) jepsen.GroupOp {
	op := jepsen.GroupOp{F: "read"}
	for _, i := range t.Rand.Perm(forkKeys) {
		op.Keys = append(op.Keys, group*forkKeys+i)
	}
	return op
}

// invokeGroup makes a transaction of what is asked.
func invokeGroup[C Transactor](ctx context.Context, c C, in jepsen.GroupOp) ([]int, error) {
	var ops model.Txn
	for _, k := range in.Keys {
		op := model.TxnOp{F: model.TxnRead, Key: "f" + strconv.Itoa(k)}
		if in.F == "write" {
			op.F, op.Value = model.TxnWrite, in.Value
		}
		ops = append(ops, op)
	}
	answer, err := invokeTxn(ctx, c, ops)
	switch {
	case err != nil || in.F == "write":
		return nil, err
	case len(answer) != len(ops):
		return nil, fmt.Errorf("%d operations were answered with %d", len(ops), len(answer))
	}
	out := make([]int, len(answer))
	for i, op := range answer {
		if out[i] = op.Value; op.Value == 0 {
			out[i] = model.Nil
		}
	}
	return out, nil
}
