// Package front is what databases of this tree have in common towards their clients: a client sends a transaction to its node
// once, and learns whether it committed, was aborted, or may have committed.
package front

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/model"
)

// ErrLost is for a transaction that may have committed.
var ErrLost = errors.New("the node does not know whether the transaction committed")

// A Request asks a node to carry out a transaction. The network may duplicate it and deliver the copy much later: the node
// recognizes it by its number, and, if it has restarted meanwhile, by the life that it was sent to.
type Request struct {
	Ops  []model.TxnOp
	Part any // of a database with sessions: which part of a transaction this is; nil for a whole one

	life            uint64 // of the node
	session, number uint64
}

// Session returns the number of the session, which no other session has.
func (r *Request) Session() uint64 { return r.session }

// A Status says how a transaction ended.
type Status uint8

const (
	Done    Status = iota // it committed
	Aborted               // nothing of it happened, or will
	Lost                  // it may have committed
	other                 // it was meant for another life of the node
)

// A Response answers a [Request].
type Response struct {
	Status Status
	Ops    []model.TxnOp // with what was read
	Open   bool          // the transaction is not over: this answers a part of it

	life uint64 // of the node
}

// A Door is where requests reach a node. It lets each in once.
type Door struct {
	life  uint64
	heard map[uint64]uint64 // the last request of each session
}

// NewDoor returns the door of a node that has just booted.
func NewDoor(h *cluster.Host) *Door {
	return &Door{life: h.Rand().Uint64(), heard: map[uint64]uint64{}}
}

// Admit reports whether the node is to carry out a request: it is no copy of an earlier one, and meant for this life of the node.
func (d *Door) Admit(m cluster.Message, r *Request) bool {
	switch {
	case m.Forwarded(): // another node let it in
	case r.life != d.life:
		m.Reply(Response{Status: other, life: d.life})
		return false
	}
	if r.number <= d.heard[r.session] {
		return false
	}
	d.heard[r.session] = r.number
	return true
}

// A Client is a session with one node. It does one thing at a time.
type Client struct {
	h               *cluster.Host
	allowed         []string
	session, number uint64
	life            *atomic.Uint64 // of the node, as it said last
}

// New returns a session with the node that the host is bound to, for transactions of the operations that are allowed. It sends
// nothing yet.
func New(h *cluster.Host, allowed ...string) *Client {
	return &Client{h: h, allowed: allowed, session: h.Rand().Uint64(), life: new(atomic.Uint64)}
}

// Another returns another session with the same node, which has a number of its own: n is from 1, and another one for each. What the sessions know of
// the node they share, and nothing random is drawn, so that it makes no difference when and how often a pool of connections opens one.
func (c *Client) Another(n uint64) *Client {
	return &Client{h: c.h, allowed: c.allowed, session: c.session + n, life: c.life}
}

// Txn carries out a transaction, and returns its operations with what they read. It is not tried again. The error is
// [model.ErrAborted] if nothing of it happened; after any other it may have committed.
func (c *Client) Txn(ctx context.Context, ops []model.TxnOp) ([]model.TxnOp, error) {
	return c.Ask(ctx, ops, nil)
}

// Ask is [Client.Txn] for a part of a transaction.
func (c *Client) Ask(ctx context.Context, ops []model.TxnOp, part any) ([]model.TxnOp, error) {
	for _, o := range ops {
		if !slices.Contains(c.allowed, o.F) {
			return nil, fmt.Errorf("no operation %q: %w", o.F, model.ErrAborted)
		}
	}
	for {
		c.number++
		r, err := cluster.Ask[Response](ctx, c.h, c.h.Node(), &Request{ops, part, c.life.Load(), c.session, c.number})
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", c.h.Node(), err)
		case r.Status == other:
			c.life.Store(r.life)
		case r.Status == Aborted:
			return nil, model.ErrAborted
		case r.Status == Lost:
			return nil, fmt.Errorf("%s: %w", c.h.Node(), ErrLost)
		default:
			return r.Ops, nil
		}
	}
}

// Close ends the session.
func (c *Client) Close() error { return nil }

// Describe says what a client asks for.
func (r *Request) Describe() trace.Description {
	d := trace.Description{Name: "transaction", Text: model.Txn(r.Ops).String()}
	if part, ok := r.Part.(interface{ Describe() (name, text string) }); ok {
		var text string
		d.Name, text = part.Describe()
		d.Text = strings.TrimSpace(text + " " + d.Text)
	}
	for _, o := range r.Ops {
		if o.F == model.TxnRead || o.F == model.TxnReadAll {
			d.Asks = append(d.Asks, trace.Item{Key: o.Key})
		} else {
			d.Carries = append(d.Carries, trace.Item{Key: o.Key, Value: fmt.Sprint(o.Value)})
		}
	}
	return d
}

// DescribeAnswer says what a node answers.
func (r Response) DescribeAnswer(any) trace.Description {
	d := trace.Description{Name: "answer"}
	switch r.Status {
	case Done:
		if r.Open {
			d.Text = strings.TrimSpace("done " + model.Txn(r.Ops).String())
			break
		}
		d.Text = "committed: " + model.Txn(r.Ops).String()
	case Aborted:
		d.Text = "aborted"
	case Lost:
		d.Text = "unknown: it may have committed"
	case other:
		d.Text = "not done: the node has booted since"
	}
	return d
}
