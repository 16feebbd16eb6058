package hraft

import (
	"context"
	"errors"
	"fmt"

	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/workloads"
)

// Workload is [workloads.RegisterOver] with deletes: writes of 0.
func (s Store) Workload(keys int) workloads.Workload {
	return workloads.New(workloads.Spec[Client, model.RegisterOp, int]{
		Name: "registers with deletes", Open: s.Open, Next: nextOf(keys), Invoke: invoke,
		Final: func(t workloads.Turn[model.RegisterOp, int]) (model.RegisterOp, bool) {
			return model.RegisterOp{F: "read", Key: key(t.Index)}, t.Index < keys
		},
		Key:     func(in model.RegisterOp) string { return in.Key },
		Checker: linearizable.New(model.Register()),
	})
}

func key(i int) string { return fmt.Sprint("k", i) }

// nextOf reads half of the time, swaps what was just read, and deletes with one write in four.
func nextOf(keys int) func(t workloads.Turn[model.RegisterOp, int]) model.RegisterOp {
	return func(t workloads.Turn[model.RegisterOp, int]) model.RegisterOp {
		if t.OK && t.Last.F == "read" && t.Rand.IntN(3) == 0 {
			return model.RegisterOp{F: "cas", Key: t.Last.Key, Old: t.Answer, Value: t.Number()}
		}
		key := key(t.Rand.IntN(keys))
		switch n := t.Rand.IntN(20); {
		case n < 12:
			return model.RegisterOp{F: "read", Key: key}
		case n < 14:
			return model.RegisterOp{F: "write", Key: key}
		}
		return model.RegisterOp{F: "write", Key: key, Value: t.Number()}
	}
}

// invoke calls the client. A read that failed changes nothing, whatever the reason.
func invoke(ctx context.Context, c Client, in model.RegisterOp) (int, error) {
	switch in.F {
	case "write":
		return 0, c.Put(ctx, in.Key, in.Value)
	case "cas":
		return c.CAS(ctx, in.Key, in.Old, in.Value)
	}
	v, err := c.Get(ctx, in.Key)
	if err != nil && !errors.Is(err, workloads.ErrFail) {
		err = fmt.Errorf("%w: %w", workloads.ErrFail, err)
	}
	return v, err
}
