package workloads

import (
	"context"
	"fmt"
	"io"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// A Cache is a client of a system that caches what a database has. It does what the op says; see
// [model.CacheOp]. It may refuse an f that the load does not use.
type Cache interface {
	Do(ctx context.Context, op model.CacheOp) (model.Copy, error)
	io.Closer
}

// A CacheLoad is the load that the clients of [Copies] make. The zero value of a field stands for its default.
type CacheLoad struct {
	Keys    int      // k0, k1, …; default 1
	Writers int      // the number of clients, from the first, that write as well as read; default 2, and a negative number is none
	Every   int      // a writer writes once in this number of turns; default 10
	Writes  int      // of each writer in a run: after the last write no later one hides what is stale; default 10
	Peeks   []string // caches that the last client inspects, in turn, instead of reading
	As      []string // principals: each client reads as one of them; default: without a principal

	// Checker judges; default: freshness once a write is acknowledged.
	Checker checker.Checker

	// Pick draws a key, from 0. Default: all alike.
	Pick func(t Turn[model.CacheOp, model.Copy], keys int) int
}

// withDefaults returns the load with the defaults of the fields that are zero.
func (l CacheLoad) withDefaults() CacheLoad {
	set := func(n *int, value int) {
		if *n == 0 {
			*n = value
		}
	}
	set(&l.Keys, 1)
	set(&l.Writers, 2)
	set(&l.Every, 10)
	set(&l.Writes, 10)
	if l.Checker == nil {
		l.Checker = freshness.New(freshness.Promise{})
	}
	if l.Pick == nil {
		l.Pick = func(t Turn[model.CacheOp, model.Copy], keys int) int { return t.Rand.IntN(keys) }
	}
	return l
}

// Copies is a workload for caches: clients read keys, and some of them write as well. The writes end in the middle of
// the run, since only after the last write a copy that stays stale is not repaired by a later one. The final calls
// ask the database for its origin fetches.
func Copies[C Cache](open func(ctx context.Context, h *cluster.Host) (C, error), load CacheLoad) Workload {
	load = load.withDefaults()
	return New(Spec[C, model.CacheOp, model.Copy]{
		Name: "copies",
		Open: open,
		Next: load.next,
		Invoke: func(ctx context.Context, c C, in model.CacheOp) (model.Copy, error) {
			out, err := c.Do(ctx, in)
			if err != nil && in.F != "write" {
				err = fmt.Errorf("%w: %w", ErrFail, err) // a read changes nothing
			}
			return out, err
		},
		Final: func(t Turn[model.CacheOp, model.Copy]) (model.CacheOp, bool) {
			return model.CacheOp{F: "loads", Key: cacheKey(t.Index)}, t.Client == 0 && t.Index < load.Keys
		},
		Key:     func(in model.CacheOp) string { return in.Key },
		Checker: load.Checker,
	})
}

func cacheKey(i int) string { return fmt.Sprintf("k%d", i) }

// next returns a write at the turns of writers that have writes left, and else an inspection
// or a read.
func (l CacheLoad) next(t Turn[model.CacheOp, model.Copy]) model.CacheOp {
	op := model.CacheOp{F: "read", Key: cacheKey(l.Pick(t, l.Keys))}
	if len(l.As) > 0 {
		op.As = l.As[t.Client%len(l.As)]
	}
	if len(l.Peeks) > 0 && t.Client == t.Clients-1 {
		op.F, op.As, op.At = "peek", "", l.Peeks[t.Index%len(l.Peeks)]
	}
	if t.Client < l.Writers && t.Index/l.Every < l.Writes && t.Index%l.Every == l.Every-1 {
		op.F = "write"
	}
	return op
}
