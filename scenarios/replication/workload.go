package replication

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/workloads"
)

const (
	shared  = 2  // keys that all clients read and write
	turns   = 10 // every so many turns, a client writes a key of its own, and half of that later one of its neighbour,
	ownKeys = 25 // of which there are so many, more than a run has turns for
)

// readsAndWrites is the workload of the CAP card: on a few keys that all share, and beside them on keys
// that are written twice, by a client and then by another one on the next node. On a shared key the next write
// covers up for one that is lost; those show it when the run ends.
func readsAndWrites[C workloads.KV](open func(context.Context, *cluster.Host) (C, error)) workloads.Workload {
	return workloads.New(workloads.Spec[C, model.RegisterOp, int]{
		Name:   "reads-and-writes",
		Open:   open,
		Next:   nextReadOrWrite,
		Invoke: readOrWrite[C],
		Final: func(t workloads.Turn[model.RegisterOp, int]) (model.RegisterOp, bool) {
			key := sharedKey(t.Index)
			if t.Index >= shared {
				key = ownKey(t.Client, t.Index-shared)
			}
			return model.RegisterOp{F: read, Key: key}, t.Index < shared+ownKeys
		},
		Key:     func(in model.RegisterOp) string { return in.Key },
		Checker: linearizable.New(model.Register()),
	})
}

const sharedPrefix = "k"

func sharedKey(i int) string { return fmt.Sprint(sharedPrefix, i) }

func ownKey(client, i int) string { return fmt.Sprintf("c%d-%d", client, i) }

// A role is what a client does. There is one of each on every node: a client that both reads and writes is
// stuck in a write where no node answers writes, and then reads nothing.
type role int

const (
	either role = iota
	reads
	writes
	roles
)

func roleOf(client int) role { return role(client / nodes % int(roles)) }

func nextReadOrWrite(t workloads.Turn[model.RegisterOp, int]) model.RegisterOp {
	role := roleOf(t.Client)
	if role != reads {
		switch i := t.Index / turns; {
		case t.Index%turns == turns-1 && i < ownKeys:
			return model.RegisterOp{F: write, Key: ownKey(t.Client, i), Value: t.Number()}
		case t.Index%turns == turns/2-1 && 0 < i && i <= ownKeys:
			return model.RegisterOp{F: write, Key: ownKey((t.Client+1)%t.Clients, i-1), Value: t.Number()}
		}
	}
	key := sharedKey(t.Rand.IntN(shared))
	if role == reads || role == either && t.Rand.IntN(2) == 0 {
		return model.RegisterOp{F: read, Key: key}
	}
	return model.RegisterOp{F: write, Key: key, Value: t.Number()}
}

func readOrWrite[C workloads.KV](ctx context.Context, c C, in model.RegisterOp) (int, error) {
	if in.F == write {
		return 0, c.Put(ctx, in.Key, in.Value)
	}
	v, err := c.Get(ctx, in.Key)
	if err != nil && workloads.Outcome(err) != history.Fail {
		err = fmt.Errorf("%w: %w", workloads.ErrFail, err) // a read has no effect
	}
	return v, err
}
