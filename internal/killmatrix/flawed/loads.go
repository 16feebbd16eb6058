package flawed

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker/jepsen"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/workloads"
)

// A Client asks the store.
type Client struct {
	s    Store
	h    *cluster.Host
	turn int

	polls []string       // logs
	at    map[string]int // the next offset of each log
}

// Open makes a client on a host.
func (s Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return &Client{s: s, h: h, at: map[string]int{}}, nil
}

// Close has nothing to close.
func (*Client) Close() error { return nil }

// Ask asks a node, another one each time.
func (c *Client) Ask(ctx context.Context, what string, in any) (any, error) {
	nodes := c.h.Nodes()
	c.turn++
	node := nodes[c.turn%len(nodes)]
	if c.s.Right {
		node = nodes[0]
	}
	out, err := c.h.Call(ctx, node, request{what, in})
	if err != nil {
		return nil, fmt.Errorf("ask %s of %s: %w", what, node, err)
	}
	if _, nothing := out.(done); nothing {
		return nil, nil
	}
	return out, nil
}

// Loads returns a workload for each object, without a checker, by name.
func (s Store) Loads() map[string]workloads.Workload {
	half := func(t workloads.Turn[Op, any]) bool { return t.Rand.IntN(2) == 0 }
	addRead := func(value func(t workloads.Turn[Op, any]) int) func(workloads.Turn[Op, any]) Op {
		return func(t workloads.Turn[Op, any]) Op {
			if half(t) {
				return Op{F: "add", Value: value(t)}
			}
			return Op{F: "read"}
		}
	}
	number := func(t workloads.Turn[Op, any]) int { return t.Number() }
	loads := map[string]workloads.Workload{
		"set":     load(s, "set", addRead(number), Op{F: "read"}),
		"counter": load(s, "counter", addRead(func(workloads.Turn[Op, any]) int { return 1 }), Op{F: "read"}),
		"table":   load(s, "table", addRead(func(workloads.Turn[Op, any]) int { return 0 }), Op{F: "read"}),
		"ids":     load(s, "ids", func(workloads.Turn[Op, any]) Op { return Op{F: "generate"} }, Op{F: "generate"}),
		"queue": load(s, "queue", func(t workloads.Turn[Op, any]) Op {
			if half(t) {
				return Op{F: "enqueue", Value: t.Number()}
			}
			return Op{F: "dequeue"}
		}, Op{F: "drain"}),
		"list": load(s, "set", func(t workloads.Turn[Op, any]) Op {
			if half(t) {
				return Op{F: "write", Value: t.Number()}
			}
			return Op{F: "read"}
		}, Op{F: "read"}),
		"bank": load(s, "bank", func(t workloads.Turn[jepsen.BankOp, any]) jepsen.BankOp {
			if t.Rand.IntN(2) == 0 {
				return jepsen.BankOp{F: "read"}
			}
			from := t.Rand.IntN(accounts)
			return jepsen.BankOp{F: "transfer", From: from, To: (from + 1) % accounts, Amount: 1}
		}, jepsen.BankOp{F: "read"}),
		"groups": load(s, "groups", func(t workloads.Turn[jepsen.GroupOp, any]) jepsen.GroupOp {
			group := t.Index / 4
			keys := []int{2 * group, 2*group + 1}
			if t.Client < 2 && t.Index%4 == 0 { // each key is written once
				return jepsen.GroupOp{F: "write", Keys: keys[t.Client : t.Client+1], Value: 1}
			}
			return jepsen.GroupOp{F: "read", Keys: keys}
		}, jepsen.GroupOp{F: "read", Keys: []int{0, 1}}),
	}
	loads["register"] = workloads.New(workloads.Spec[*Client, model.RegisterOp, int]{
		Name: "register", Open: s.Open,
		Next: func(t workloads.Turn[model.RegisterOp, int]) model.RegisterOp {
			key := fmt.Sprint("k", t.Rand.IntN(2))
			if t.Rand.IntN(3) == 0 {
				return model.RegisterOp{F: "write", Key: key, Value: t.Number()}
			}
			return model.RegisterOp{F: "read", Key: key}
		},
		Invoke: func(ctx context.Context, c *Client, in model.RegisterOp) (int, error) {
			out, err := c.Ask(ctx, "register", in)
			if err != nil || in.F == "write" {
				return 0, err
			}
			if out == nil {
				return 0, fmt.Errorf("read %s: it has no value: %w", in.Key, workloads.ErrFail)
			}
			return out.(int), nil
		},
		Final: func(t workloads.Turn[model.RegisterOp, int]) (model.RegisterOp, bool) {
			return model.RegisterOp{F: "read", Key: fmt.Sprint("k", t.Index%2)}, t.Index < 6
		},
	})
	return loads
}

// LoadNames lists the workloads.
func LoadNames() []string { return sorting.Keys(Store{}.Loads()) }

// load returns the workload of one object. In the end each client asks the last input of each node.
func load[In any](s Store, what string, next func(workloads.Turn[In, any]) In, last In) workloads.Workload {
	return workloads.New(workloads.Spec[*Client, In, any]{
		Name: what, Open: s.Open, Next: next,
		Invoke: func(ctx context.Context, c *Client, in In) (any, error) { return c.Ask(ctx, what, in) },
		Final: func(t workloads.Turn[In, any]) (In, bool) {
			return last, t.Index < s.Nodes()
		},
	})
}
