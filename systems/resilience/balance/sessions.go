package balance

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/capsize-go/capsize/systems/resilience/web"
)

// The paths of sessions. What a user has is a value by key, which the backend that took the write has in its memory, and the
// others once it was replicated.
const (
	sessionPath   = "/session/"
	replicatePath = "/replicate/"
)

// headerVersion has the version that was read or written, and, in a request, the least one that the client wants: its ticket.
const headerVersion = "Row-Version"

// ticketWait is how long a backend waits for the version that a client wants.
const ticketWait = 700 * time.Millisecond

func (s Service) lag() time.Duration {
	if s.Lag == 0 {
		return defaultLag
	}
	return s.Lag
}

// A row is the value of a key. Two backends never give the same version: see [worker.after].
type row struct{ version, value int }

// String is what the backends tell each other.
func (r row) String() string { return fmt.Sprint(r.version, " ", r.value) }

// rows are what a backend has in memory.
type rows struct {
	mu    sync.Mutex
	byKey map[string]row
	grew  chan struct{} // closed by the next change
}

// put takes a row that is newer than what is there, and reports whether it is.
func (s *rows) put(key string, r row) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey == nil {
		s.byKey = map[string]row{}
	}
	if r.version <= s.byKey[key].version {
		return false
	}
	s.byKey[key] = r
	if s.grew != nil {
		close(s.grew)
		s.grew = nil
	}
	return true
}

// get returns a row, and what the next change closes.
func (s *rows) get(key string) (row, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grew == nil {
		s.grew = make(chan struct{})
	}
	return s.byKey[key], s.grew
}

// await returns a row once it has at least a version, or what there is when ctx is done.
func (s *rows) await(ctx context.Context, key string, least int) (row, bool) {
	for {
		r, grew := s.get(key)
		if r.version >= least {
			return r, true
		}
		select {
		case <-grew:
		case <-ctx.Done():
			return r, false
		}
	}
}

// session answers reads (GET) and writes (PUT) of what a user has. Writes are replicated until the life of the node ends.
func (b *worker) session(life context.Context) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key := strings.TrimPrefix(r.URL.Path, sessionPath)
		if err := b.suffer(r.Context(), b.took(web.Of(r.Context()).ID)); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		least, _ := strconv.Atoi(r.Header.Get(headerVersion)) // none is 0
		if r.Method == http.MethodPut {
			b.write(life, w, r, key, least)
			return
		}
		ctx, cancel := b.h.WithTimeout(r.Context(), ticketWait)
		defer cancel()
		found, ok := b.rows.await(ctx, key, least)
		if !ok {
			http.Error(w, fmt.Sprintf("%s has version %d only", key, found.version), http.StatusConflict)
			return
		}
		answerRow(w, found)
	}
}

func answerRow(w http.ResponseWriter, r row) {
	w.Header().Set(headerVersion, strconv.Itoa(r.version))
	_, _ = fmt.Fprint(w, r.value)
}

// write takes a write, as a version after all that this backend or the client has seen.
func (b *worker) write(life context.Context, w http.ResponseWriter, r *http.Request, key string, least int) {
	value, err := strconv.Atoi(r.URL.Query().Get("value"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	last, _ := b.rows.get(key)
	next := row{version: b.after(max(last.version, least)), value: value}
	b.rows.put(key, next)
	go b.replicate(life, key, next)
	answerRow(w, next)
}

// after returns a version after another one that no other backend gives: a Lamport clock, in which the number of the backend
// is the last part.
func (b *worker) after(version int) int {
	n := b.backends()
	return (version/n+1)*n + slices.Index(b.Names(), b.h.Name())
}

// replicate tells the other backends.
func (b *worker) replicate(life context.Context, key string, r row) {
	if b.h.Sleep(b.lag()) != nil {
		return
	}
	for _, node := range b.Names() {
		if node == b.h.Name() {
			continue
		}
		ctx, cancel := b.h.WithTimeout(life, b.timeout())
		_, _, err := web.Do(ctx, b.plain, http.MethodPost, "http://"+node+replicatePath+key, strings.NewReader(r.String()))
		cancel()
		if err != nil {
			b.h.Log().Info("not replicated", "key", key, "to", node, "err", err)
		}
	}
}

// replicated takes a row that another backend has written.
func (b *worker) replicated(w http.ResponseWriter, r *http.Request) {
	var got row
	if _, err := fmt.Fscan(r.Body, &got.version, &got.value); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.rows.put(strings.TrimPrefix(r.URL.Path, replicatePath), got)
}
