package grpckv

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/capsize-go/capsize/cluster"
)

const (
	pause    = 200 * time.Millisecond // before a follower asks for the stream again
	gather   = 10 * time.Millisecond  // for how long a follower collects writes
	patience = time.Second            // for a batch
)

// A node is the primary or a follower.
type node struct {
	bugs    Bug
	ctx     context.Context // ends when the host crashes
	h       *cluster.Host
	primary *grpc.ClientConn // of a follower
	queue   chan queued      // of a follower

	mu      sync.Mutex
	changes []change // all of them, in their order
	data    map[string]int
	grew    chan struct{} // closed by the next change
}

// A queued write waits for its batch.
type queued struct {
	request Request
	done    chan answer // has room for the one answer
}

type answer struct {
	reply Reply
	err   error
}

func newNode(ctx context.Context, s Store, h *cluster.Host) *node {
	return &node{bugs: s.Bugs, ctx: ctx, h: h, queue: make(chan queued), data: map[string]int{}, grew: make(chan struct{})}
}

// write writes on the primary; a follower puts it into its next batch.
func (n *node) write(ctx context.Context, r Request) (Reply, error) {
	if n.primary == nil {
		return n.do(r), nil
	}
	q := queued{r, make(chan answer, 1)}
	select {
	case n.queue <- q:
	case <-ctx.Done():
		return Reply{}, status.FromContextError(ctx.Err()).Err()
	}
	select {
	case a := <-q.done:
		return a.reply, a.err
	case <-ctx.Done():
		return Reply{}, status.FromContextError(ctx.Err()).Err()
	}
}

// do carries out a write on the primary.
func (n *node) do(r Request) Reply {
	n.mu.Lock()
	defer n.mu.Unlock()
	found := n.data[r.Key]
	if r.Swap && found != r.Old {
		return Reply{found}
	}
	if r.Swap && n.bugs&CheckThenAct != 0 {
		n.mu.Unlock()
		n.h.Count("between check and act")
		n.mu.Lock()
	}
	n.add(change{r.Key, r.Value})
	return Reply{found}
}

// add adds a change and wakes who waits for one. The caller has the lock.
func (n *node) add(c change) {
	n.changes = append(n.changes, c)
	n.data[c.Key] = c.Value
	close(n.grew)
	n.grew = make(chan struct{})
}

// collect sends the writes of a follower to the primary, in batches.
func (n *node) collect() {
	var batch []queued
	var due <-chan time.Time
	for {
		select {
		case q := <-n.queue:
			if batch = append(batch, q); len(batch) == 1 {
				due = time.After(gather)
			}
		case <-due:
			go n.send(batch)
			batch, due = nil, nil
		case <-n.ctx.Done():
			return
		}
	}
}

// send sends a batch.
func (n *node) send(batch []queued) {
	ctx, cancel := context.WithTimeout(n.ctx, patience)
	defer cancel()
	var in []Request
	for _, q := range batch {
		in = append(in, q.request)
	}
	var out []Reply
	err := n.primary.Invoke(ctx, methodBatch, in, &out)
	if err == nil && len(out) != len(in) {
		err = status.Errorf(codes.Internal, "%d answers to %d requests", len(out), len(in))
	}
	for i, q := range batch {
		if err != nil {
			q.done <- answer{err: err}
		} else {
			q.done <- answer{reply: out[i]}
		}
	}
}

// batch carries out the writes of a follower, each in a goroutine of its own.
func (n *node) batch(_ context.Context, in []Request) ([]Reply, error) {
	if n.primary != nil {
		return nil, status.Error(codes.FailedPrecondition, "only the primary takes batches")
	}
	out := make([]Reply, len(in))
	var all sync.WaitGroup
	for i, r := range in {
		all.Go(func() { out[i] = n.do(r) })
	}
	all.Wait()
	return out, nil
}

// get reads from what this node has, once that is known to be all.
func (n *node) get(ctx context.Context, r Request) (Reply, error) {
	if n.primary != nil && n.bugs&StaleReplica == 0 {
		var count int
		if err := n.primary.Invoke(ctx, methodCount, struct{}{}, &count); err != nil {
			return Reply{}, err
		}
		if err := n.await(ctx, count); err != nil {
			return Reply{}, err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return Reply{n.data[r.Key]}, nil
}

// await returns once there are count changes.
func (n *node) await(ctx context.Context, count int) error {
	for {
		have, grew := n.after(0)
		if len(have) >= count {
			return nil
		}
		select {
		case <-grew:
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		}
	}
}

// after returns the changes from a place on, and what the next one will close.
func (n *node) after(place int) ([]change, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.changes[min(place, len(n.changes)):], n.grew
}

// count answers how many changes there are.
func (n *node) count(context.Context, struct{}) (int, error) {
	have, _ := n.after(0)
	return len(have), nil
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
	have, _ := n.after(0)
	if err := in.SendMsg(len(have)); err != nil {
		return err
	}
	if err := in.CloseSend(); err != nil {
		return err
	}
	for {
		var c change
		if err := in.RecvMsg(&c); err != nil {
			return err
		}
		n.mu.Lock()
		n.add(c)
		n.mu.Unlock()
	}
}
