package workloads

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// A KV is what a system must offer to be tested by [Register]. A key that was
// never written reads as 0. The value type is int: a store of strings or bytes
// needs two lines to adapt.
type KV interface {
	Get(ctx context.Context, key string) (int, error)
	Put(ctx context.Context, key string, value int) error
	io.Closer
}

// A Swapper is a [KV] that can compare and swap: CAS sets key to value if it is
// old, and returns the value that it found. It has swapped if that is old. The
// found value lets a checker order a swap that failed; the mere failure would not.
type Swapper interface {
	CAS(ctx context.Context, key string, old, value int) (found int, err error)
}

// A RegisterOp is an input of [Register].
type RegisterOp = model.RegisterOp

// Register is a workload of reads, writes and, if the client is a [Swapper],
// compare-and-swaps on a few keys, each of which must be linearizable on its own.
// Every written value is unique. Half of the operations are reads; a client that
// has just read a key tries, half the time, to swap what it saw.
func Register[C KV](open func(ctx context.Context, h *cluster.Host) (C, error)) Workload {
	return RegisterOver(open, 5)
}

// RegisterOver is [Register] on as many keys as given, at least one. Fewer keys
// mean more contention.
func RegisterOver[C KV](open func(ctx context.Context, h *cluster.Host) (C, error), keys int) Workload {
	names := registerKeys(max(1, keys))
	var none C
	_, swaps := any(none).(Swapper)
	w := New(Spec[C, RegisterOp, int]{
		Name:   "register",
		Open:   open,
		Next:   func(t Turn[RegisterOp, int]) RegisterOp { return nextRegisterOp(t, names, swaps) },
		Invoke: invokeRegister[C],
		Final: func(t Turn[RegisterOp, int]) (RegisterOp, bool) {
			return RegisterOp{F: "read", Key: names[t.Index%len(names)]}, t.Index < len(names)
		},
		Key:     func(in RegisterOp) string { return in.Key },
		Checker: linearizable.New(model.Register()),
	})
	w.Next = sharedReads(names, swaps)
	typed := w.Accepts
	w.Accepts = func(in any) error {
		if err := typed(in); err != nil {
			return err
		}
		if f := in.(RegisterOp).F; f != "read" && f != "write" && f != "cas" {
			return fmt.Errorf("f %q of an input is none of read, write, cas", f)
		}
		return nil
	}
	return w
}

// registerKey returns the name of a key.
func registerKey(i int) string { return "k" + strconv.Itoa(i) }

// registerKeys returns the names of so many keys.
func registerKeys(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = registerKey(i)
	}
	return names
}

// sharedReads draws the same operations as nextRegisterOp, where all reads of a key are one value: a history keeps its inputs, and a
// long run pays for what it keeps.
func sharedReads(names []string, swaps bool) func(Turn[any, any]) any {
	reads := map[string]any{}
	for _, name := range names {
		reads[name] = RegisterOp{F: "read", Key: name}
	}
	return func(t Turn[any, any]) any {
		op := nextRegisterOp(typed[RegisterOp, int](t), names, swaps)
		if op.F == "read" {
			return reads[op.Key]
		}
		return op
	}
}

// nextRegisterOp tries, half the time, to swap the value that the client has just read, and
// else reads or writes a random key.
func nextRegisterOp(t Turn[RegisterOp, int], names []string, swaps bool) RegisterOp {
	if swaps && t.OK && t.Last.F == "read" && t.Rand.IntN(2) == 0 {
		return RegisterOp{F: "cas", Key: t.Last.Key, Old: t.Answer, Value: t.Number()}
	}
	key := names[t.Rand.IntN(len(names))]
	if t.Rand.IntN(5) < 3 {
		return RegisterOp{F: "read", Key: key}
	}
	return RegisterOp{F: "write", Key: key, Value: t.Number()}
}

// invokeRegister calls the client. An indeterminate read counts as failed, since it changes nothing.
func invokeRegister[C KV](ctx context.Context, c C, in RegisterOp) (int, error) {
	switch in.F {
	case "write":
		return 0, c.Put(ctx, in.Key, in.Value)
	case "cas":
		s, ok := any(c).(Swapper)
		if !ok {
			return 0, fmt.Errorf("%w: %T has no CAS", ErrFail, c)
		}
		return s.CAS(ctx, in.Key, in.Old, in.Value)
	}
	v, err := c.Get(ctx, in.Key)
	if err != nil && !errors.Is(err, ErrFail) {
		err = fmt.Errorf("%w: %w", ErrFail, err)
	}
	return v, err
}
