package localcache

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// patience is how long a server waits for the database.
const patience = time.Second

// A server is an application server. Each request has a goroutine, as with net/http.
type server struct {
	h     *cluster.Host
	puts  bool
	cache Cache
	ctx   context.Context // ends when the host crashes
	busy  sync.WaitGroup  // the requests that are under way

	mu    sync.Mutex
	turn  int                   // counts what has begun or ended
	reads map[string][]*reading // by key, in the order in which they began
	loads []span                // of the life of the server
}

// A reading is a pending read.
type reading struct {
	key   string
	began int // the turn
	loads int // that are attributed to it
}

// A span is the turns at which a load began and ended.
type span struct{ began, ended int }

// The requests of clients, and the answer to them.
type (
	readRow  struct{ key string }
	writeRow struct{ key string }
	answer   struct {
		row    Row
		joined bool
		loads  int
		err    error
	}
)

// serve runs a server until ctx is done. It closes the cache after the last request has ended.
func (s Store) serve(ctx context.Context, h *cluster.Host) error {
	open := s.Cache
	if open == nil {
		open = None
	}
	n := &server{h: h, puts: s.Puts, cache: open(h), ctx: ctx, reads: map[string][]*reading{}}
	h.Handle(n.receive)
	<-ctx.Done()
	n.busy.Wait()
	n.cache.Close()
	return nil
}

// receive handles a request in a goroutine of its own, since the cache may block.
func (n *server) receive(m cluster.Message) {
	n.busy.Go(func() {
		switch req := m.Body.(type) {
		case readRow:
			m.Reply(n.read(req.key))
		case writeRow:
			m.Reply(n.write(req.key))
		}
	})
}

// read reads a row through the cache.
func (n *server) read(key string) answer {
	r := n.begin(key)
	row, err := n.cache.Get(n.ctx, key, func(ctx context.Context) (Row, error) { return n.load(ctx, key) })
	return n.end(r, row, err)
}

// write writes a row to the database, then sets or invalidates it in the cache, and then acknowledges the write.
func (n *server) write(key string) answer {
	row, err := ask[Row](n.ctx, n, commit{key})
	switch {
	case err != nil:
		return answer{err: err}
	case n.puts:
		n.cache.Set(key, row)
	default:
		n.cache.Invalidate(key, row.Version)
	}
	return answer{row: row}
}

// load is the [Load] of a key.
func (n *server) load(ctx context.Context, key string) (Row, error) {
	number := n.attribute(key)
	row, err := ask[Row](ctx, n, fetch{key})
	n.mu.Lock()
	defer n.mu.Unlock()
	n.turn++
	row.Load, n.loads[number-1].ended = number, n.turn
	return row, err
}

// ask asks the database, until ctx is done, the host crashes or patience ends. A cache may have a context of its
// own that outlives the host.
func ask[A any](ctx context.Context, n *server, question any) (A, error) {
	ctx, cancel := n.h.WithTimeout(ctx, patience)
	defer cancel()
	defer context.AfterFunc(n.ctx, cancel)()
	return cluster.Ask[A](ctx, n.h, database, question)
}

// begin records the begin of a read.
func (n *server) begin(key string) *reading {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.turn++
	r := &reading{key: key, began: n.turn}
	n.reads[key] = append(n.reads[key], r)
	return r
}

// attribute records the begin of a load, numbers it, and attributes it to the read of its key that has the fewest loads and, of these, began
// first. That is the read that runs it, unless several must load again at the same instant
// and one of them does so for all: the scheduler of Go decides which one, and a history must not
// depend on it. A refresh without a waiting read is attributed to none.
func (n *server) attribute(key string) (number int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.turn++
	var least *reading
	for _, r := range n.reads[key] {
		if least == nil || r.loads < least.loads {
			least = r
		}
	}
	if least != nil {
		least.loads++
	}
	n.loads = append(n.loads, span{began: n.turn})
	return len(n.loads)
}

// end records the end of a read, and returns its answer.
func (n *server) end(r *reading, row Row, err error) answer {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.turn++
	n.reads[r.key] = slices.DeleteFunc(n.reads[r.key], func(x *reading) bool { return x == r })
	a := answer{row: row, err: err, loads: r.loads}
	if 0 < row.Load && row.Load <= len(n.loads) { // a cache may have kept it from another life
		l := n.loads[row.Load-1]
		a.joined = l.began < r.began && r.began < l.ended
	}
	return a
}
