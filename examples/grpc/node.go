package grpckv

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/capsize-go/capsize/cluster"
)

// A node is the primary or a follower.
type node struct {
	store   Store
	ctx     context.Context // ends when the host crashes
	h       *cluster.Host
	primary *grpc.ClientConn // of a follower

	mu      sync.Mutex
	changes []*structpb.Struct // all of them, in their order
	data    map[string]int
	grew    chan struct{} // closed by the next change
}

func newNode(s Store, ctx context.Context, h *cluster.Host) *node {
	return &node{store: s, ctx: ctx, h: h, data: map[string]int{}, grew: make(chan struct{})}
}

// ask calls the primary: a calm store by a connection of its own. What several
// calls sent on one connection while it was cut off arrives at once when it heals,
// and then the server runs their handlers in any order.
func (n *node) ask(ctx context.Context, method string, in, out any) error {
	to := n.primary
	if n.store.Calm {
		var err error
		if to, err = n.store.dial(n.h, primary); err != nil {
			return err
		}
		defer to.Close()
	}
	return to.Invoke(ctx, method, in, out)
}

// append adds a change and wakes who waits for one.
func (n *node) append(c *structpb.Struct) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.changes = append(n.changes, c)
	n.data[c.Fields["key"].GetStringValue()] = int(c.Fields["value"].GetNumberValue())
	close(n.grew)
	n.grew = make(chan struct{})
}

// after returns the changes from a place on, and what the next one will close.
func (n *node) after(place int) ([]*structpb.Struct, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.changes[min(place, len(n.changes)):], n.grew
}

// await returns once there are count changes.
func (n *node) await(ctx context.Context, count int) error {
	for {
		n.mu.Lock()
		have, grew := len(n.changes), n.grew
		n.mu.Unlock()
		if have >= count {
			return nil
		}
		select {
		case <-grew:
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		}
	}
}

// put writes on the primary; a follower passes it on.
func (n *node) put(ctx context.Context, c *structpb.Struct) (*emptypb.Empty, error) {
	if n.primary != nil {
		out := new(emptypb.Empty)
		return out, n.ask(ctx, methodPut, c, out)
	}
	n.append(c)
	return new(emptypb.Empty), nil
}

// get reads from what this node has, once that is known to be all.
func (n *node) get(ctx context.Context, key *wrapperspb.StringValue) (*wrapperspb.Int64Value, error) {
	if n.primary != nil && !n.store.StaleReads {
		count := new(wrapperspb.Int64Value)
		if err := n.ask(ctx, methodCount, new(emptypb.Empty), count); err != nil {
			return nil, err
		}
		if err := n.await(ctx, int(count.Value)); err != nil {
			return nil, err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return wrapperspb.Int64(int64(n.data[key.Value])), nil
}

// count answers how many changes there are.
func (n *node) count(context.Context, *emptypb.Empty) (*wrapperspb.Int64Value, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return wrapperspb.Int64(int64(len(n.changes))), nil
}

// watch sends a follower the changes from a place on.
func (n *node) watch(sent int, out grpc.ServerStream) error {
	if n.primary != nil {
		return status.Error(codes.FailedPrecondition, "only the primary can be watched")
	}
	for {
		changes, grew := n.after(sent)
		for _, c := range changes {
			if err := out.SendMsg(c); err != nil {
				return err
			}
		}
		sent += len(changes)
		select {
		case <-grew:
		case <-out.Context().Done():
			return status.FromContextError(out.Context().Err()).Err()
		}
	}
}

// follow keeps a stream from the primary open until the host crashes.
func (n *node) follow() {
	for {
		if err := n.receive(); err != nil {
			n.h.Log().Info("the stream of changes broke", "err", err)
		}
		if n.h.Sleep(pause) != nil {
			return
		}
	}
}

// receive reads one stream, from the first change on that the node lacks.
func (n *node) receive() error {
	ctx, cancel := context.WithCancel(n.ctx)
	defer cancel()
	in, err := n.primary.NewStream(ctx, &watchDescription, methodWatch)
	if err != nil {
		return err
	}
	n.mu.Lock()
	have := len(n.changes)
	n.mu.Unlock()
	if err := in.SendMsg(wrapperspb.Int64(int64(have))); err != nil {
		return err
	}
	if err := in.CloseSend(); err != nil {
		return err
	}
	for {
		c := new(structpb.Struct)
		if err := in.RecvMsg(c); err != nil {
			return err
		}
		n.append(c)
	}
}
