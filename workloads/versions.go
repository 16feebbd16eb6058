package workloads

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
)

// A Versioned store keeps concurrent writes as siblings.
// What a read has seen is a value of type S; a write with that value replaces what it stands for and nothing else.
type Versioned[S any] interface {
	Siblings(ctx context.Context, key string) (values []int, seen S, err error)
	PutWith(ctx context.Context, key string, value int, seen S) error
	io.Closer
}

// A Deleter is a [Versioned] store that can delete what a read has seen, and nothing else.
type Deleter[S any] interface {
	DeleteWith(ctx context.Context, key string, seen S) error
}

// A VersionsOp is an input of [Versions]: a read of all siblings of a key; a write of a value
// that replaces those that its client has read, or none; a delete of those; or a final read.
type VersionsOp struct {
	F        string `json:"f"` // read, write, delete, final
	Key      string `json:"key"`
	Value    int    `json:"value,omitempty"` // of a delete: its number, which is unique
	Replaces []int  `json:"replaces,omitempty"`
}

// changes reports whether the op does more than read.
func (o VersionsOp) changes() bool { return o.F == "write" || o.F == "delete" }

// Versions is a workload for stores that are available under partition and keep concurrent
// writes: clients read a key and replace what they saw, or
// delete that if the client is a [Deleter], or, one time in five, write without a read. No acknowledged
// write may be lost: the final read has it, or a call that had seen it has replaced or deleted
// it; and what was replaced or deleted may not come back. The final reads must be equal, and no read
// may have the value of a write that failed. No order of the calls is demanded, so this is a check for
// stores that give up linearizability. [CountSurvival] counts lost writes.
//
// Clients turn to other keys every 20 turns, so that the others are left alone for a while: under
// constant load a value that comes back is soon replaced again.
func Versions[C Versioned[S], S any](open func(ctx context.Context, h *cluster.Host) (C, error)) Workload {
	var none C
	_, deletes := any(none).(Deleter[S])
	return New(Spec[*versionsClient[C, S], VersionsOp, []int]{
		Name: "versions",
		Open: func(ctx context.Context, h *cluster.Host) (*versionsClient[C, S], error) {
			c, err := open(ctx, h)
			return &versionsClient[C, S]{c: c, seen: map[string]S{}}, err
		},
		Next: func(t Turn[VersionsOp, []int]) VersionsOp { return nextVersionsOp(t, deletes) },
		Invoke: func(ctx context.Context, c *versionsClient[C, S], in VersionsOp) ([]int, error) {
			return c.invoke(ctx, in)
		},
		Final: func(t Turn[VersionsOp, []int]) (VersionsOp, bool) {
			return VersionsOp{F: "final", Key: registerKey(t.Index)}, t.Index < versionsKeys
		},
		Adjust:  adjustVersionsOp,
		Key:     func(in VersionsOp) string { return in.Key },
		Checker: checker.Func(checkVersions),
	})
}

const (
	versionsKeys  = 20
	versionsInUse = 4  // keys at a time
	versionsTurns = 20 // of a client before it turns to other keys
)

// nextVersionsOp replaces or deletes what the client has just read, and else reads, or one
// time in five writes without a read.
func nextVersionsOp(t Turn[VersionsOp, []int], deletes bool) VersionsOp {
	if t.OK && t.Last.F == "read" {
		f := "write"
		if deletes && len(t.Answer) > 0 && t.Rand.IntN(4) == 0 {
			f = "delete"
		}
		return VersionsOp{F: f, Key: t.Last.Key, Value: t.Number(), Replaces: t.Answer}
	}
	key := registerKey((t.Index/versionsTurns*versionsInUse + t.Rand.IntN(versionsInUse)) % versionsKeys)
	if t.Rand.IntN(5) == 0 {
		return VersionsOp{F: "write", Key: key, Value: t.Number()}
	}
	return VersionsOp{F: "read", Key: key}
}

// adjustVersionsOp has a write replace what the client has just read, and nothing else. A delete of nothing is a read in its place.
func adjustVersionsOp(t Turn[VersionsOp, []int], in VersionsOp) VersionsOp {
	if len(in.Replaces) == 0 {
		return in
	}
	in.Replaces = nil
	if t.OK && t.Last.F == "read" && t.Last.Key == in.Key {
		in.Replaces = t.Answer
	}
	if in.F == "delete" && len(in.Replaces) == 0 {
		return VersionsOp{F: "read", Key: in.Key}
	}
	return in
}

// A versionsClient remembers what its last read of a key has seen.
type versionsClient[C Versioned[S], S any] struct {
	c    C
	seen map[string]S
}

func (c *versionsClient[C, S]) Close() error { return c.c.Close() }

// invoke calls the client with what the last read of the key has seen, or with nothing if the op
// replaces nothing.
func (c *versionsClient[C, S]) invoke(ctx context.Context, in VersionsOp) ([]int, error) {
	var seen S
	if len(in.Replaces) > 0 {
		seen = c.seen[in.Key]
	}
	switch in.F {
	case "write":
		return nil, c.c.PutWith(ctx, in.Key, in.Value, seen)
	case "delete":
		d, ok := any(c.c).(Deleter[S])
		if !ok {
			return nil, fmt.Errorf("%w: %T deletes nothing", ErrFail, c.c)
		}
		return nil, d.DeleteWith(ctx, in.Key, seen)
	}
	values, seen, err := c.c.Siblings(ctx, in.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFail, err) // a read changes nothing
	}
	c.seen[in.Key] = seen
	values = slices.Clone(values)
	slices.Sort(values)
	return values, nil
}
