package gray

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A Backend answers /item: it takes a lock, appends to a log that it syncs, and asks the shard of its data to which the request
// belongs. Each of these can fail, and so can its answer. /health answers at once; /deep works for an item before it does.
type Backend struct {
	Shards int           // of its data; default 4. The first of them dies under [cluster.DeadShard]
	Takes  time.Duration // for an item; default 20ms
}

// body is what the backend answers. It is long enough that one byte a second outlasts any deadline.
const body = "an item of thirty-two characters"

// Serve serves on a host until ctx is done.
func (b Backend) Serve(ctx context.Context, h *cluster.Host) error {
	if b.Shards == 0 {
		b.Shards = 4
	}
	if b.Takes == 0 {
		b.Takes = 20 * time.Millisecond
	}
	s := shelves{b, ctx, h, NewLock(ctx, h, "lock")}
	mux := http.NewServeMux()
	items := Handler(ctx, h, http.HandlerFunc(s.item))
	mux.Handle("/item", web.Handle(h, items))
	mux.Handle("/deep", items)
	mux.HandleFunc("/health", func(http.ResponseWriter, *http.Request) {})
	return web.Serve(ctx, h, ":80", mux)
}

// shelves are a backend in one life of its host.
type shelves struct {
	Backend
	process context.Context
	h       *cluster.Host
	lock    *Lock
}

// item answers with an item.
func (s shelves) item(w http.ResponseWriter, r *http.Request) {
	ctx := web.Detached(s.process, r.Context())
	err := s.lock.Do(ctx, func() error { return nil })
	if err == nil {
		err = s.log()
	}
	if err == nil && web.Of(ctx).ID%s.Shards == 0 {
		err = s.h.AwaitRecovery(s.process, cluster.DeadShard)
	}
	if err == nil {
		err = s.h.Sleep(s.h.Slowed(s.Takes))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprint(w, body)
}

// log appends a line to the log, and syncs it.
func (s shelves) log() error {
	f, err := s.h.Disk().Blocking().Open("log")
	if err != nil {
		return fmt.Errorf("gray: log: %w", err)
	}
	if _, err = f.Write([]byte("item\n")); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return fmt.Errorf("gray: log: %w", err)
	}
	return nil
}
