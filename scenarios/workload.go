package scenarios

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/workloads"
)

const (
	shared   = 2  // keys that all clients read and write
	turns    = 10 // a client's own key is written every so many turns,
	onceKeys = 25 // and there are so many of them, more than a run has turns for
)

// readsAndWrites is the workload of the CAP card: on a few keys that all share, and beside them on keys
// that are written once. On a shared key the next write covers up for one that is lost; a key of
// its own tells in the end.
func readsAndWrites[C workloads.KV](open func(context.Context, *cluster.Host) (C, error)) workloads.Workload {
	return workloads.New(workloads.Spec[C, checker.RegisterOp, int]{
		Name:   "reads-and-writes",
		Open:   open,
		Next:   nextReadOrWrite,
		Invoke: readOrWrite[C],
		Final: func(t workloads.Turn[checker.RegisterOp, int]) (checker.RegisterOp, bool) {
			key := sharedKey(t.Index)
			if t.Index >= shared {
				key = onceKey(t.Client, t.Index-shared)
			}
			return checker.RegisterOp{F: read, Key: key}, t.Index < shared+onceKeys
		},
		Key:     func(in checker.RegisterOp) string { return in.Key },
		Checker: checker.Linearizable(checker.Register()),
	})
}

const sharedPrefix = "k"

func sharedKey(i int) string { return fmt.Sprint(sharedPrefix, i) }

func onceKey(client, i int) string { return fmt.Sprintf("c%d-%d", client, i) }

// A role is what a client does. There is one of each on every node: a client that both reads and writes is
// stuck in a write where nobody answers writes, and then reads nothing.
type role int

const (
	either role = iota
	reads
	writes
	roles
)

func roleOf(client int) role { return role(client / nodes % int(roles)) }

func nextReadOrWrite(t workloads.Turn[checker.RegisterOp, int]) checker.RegisterOp {
	role := roleOf(t.Client)
	if i := t.Index / turns; role != reads && t.Index%turns == turns-1 && i < onceKeys {
		return checker.RegisterOp{F: write, Key: onceKey(t.Client, i), Value: t.Number()}
	}
	key := sharedKey(t.Rand.IntN(shared))
	if role == reads || role == either && t.Rand.IntN(2) == 0 {
		return checker.RegisterOp{F: read, Key: key}
	}
	return checker.RegisterOp{F: write, Key: key, Value: t.Number()}
}

func readOrWrite[C workloads.KV](ctx context.Context, c C, in checker.RegisterOp) (int, error) {
	if in.F == write {
		return 0, c.Put(ctx, in.Key, in.Value)
	}
	v, err := c.Get(ctx, in.Key)
	if err != nil && workloads.Outcome(err) != history.Fail {
		err = fmt.Errorf("%w: %w", workloads.ErrFail, err) // a read has no effect
	}
	return v, err
}
