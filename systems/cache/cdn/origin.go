package cdn

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// An Origin is the server that has the database. The zero Origin sends no Cache-Control.
type Origin struct {
	Control  string        // Cache-Control of its answers
	Vary     string        // Vary of its answers
	Personal bool          // responses are for one user, and name that user
	Render   time.Duration // how long it takes to make a response: half to three halves of it, and one time in twenty ten times as long
}

// A body is the body of the origin's responses, in JSON.
type body struct {
	Version  int             `json:"version"`
	For      string          `json:"for,omitempty"`
	LoadedAt []time.Duration `json:"loaded_at,omitempty"` // when the key was loaded, in a response for /loads/
}

// readAt is the header with the time at which the database was read, to the nanosecond, for a response or a validation.
const readAt = "Read-At"

// originNode is the origin, on its host.
type originNode struct {
	Origin
	h     *cluster.Host
	purge *purger
	log   *cluster.File // the key and the version of each write, a line each; those that failed may be missing

	mu   sync.Mutex // never held while anything waits
	data map[string]*row
}

// A row is what the database has of one key.
type row struct {
	version int // that is on the disk, and may be read
	last    int // that was given to a write
	loads   []time.Duration
}

// newOrigin returns the origin with the writes that are on its disk.
func newOrigin(ctx context.Context, h *cluster.Host, s Stack) (*originNode, error) {
	log, err := h.Disk().Open("writes")
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	o := &originNode{Origin: s.Origin, h: h, purge: newPurger(ctx, h, s), log: log, data: map[string]*row{}}
	text := make([]byte, log.Size())
	if _, err := log.ReadAt(text, 0); err != nil && err != io.EOF {
		return nil, fmt.Errorf("database: %w", err)
	}
	whole := text[:bytes.LastIndexByte(text, '\n')+1] // a crash may have torn the last line
	if err := log.Truncate(int64(len(whole))); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	for line := range strings.Lines(string(whole)) {
		key, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		version, err := strconv.Atoi(number)
		if err != nil {
			return nil, fmt.Errorf("database: line %q: %w", line, err)
		}
		r := o.row(key)
		r.version = max(r.version, version)
		r.last = r.version
	}
	return o, nil
}

// ServeHTTP responds to GET with the version of the path, to POST with its next version after the purge of the caches, as
// the policy says, and to GET of /loads/ with the times at which the database was read.
func (o *originNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if key, ok := strings.CutPrefix(r.URL.Path, "/loads"); ok {
		o.mu.Lock()
		b := body{LoadedAt: append([]time.Duration{}, o.row(key).loads...)}
		o.mu.Unlock()
		o.write(w, b)
		return
	}
	if r.Method == http.MethodPost {
		b, err := o.update(r.URL.Path)
		if err == nil {
			err = o.purge.all(r.Context(), r.URL.Path)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusGatewayTimeout)
			return
		}
		o.write(w, b)
		return
	}
	o.get(w, r)
}

func (o *originNode) write(w http.ResponseWriter, b body) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(b) // a client that went away needs no answer
}

func (o *originNode) row(key string) *row {
	if o.data[key] == nil {
		o.data[key] = &row{}
	}
	return o.data[key]
}

// update gives the key its next version, which reads see once it is durable.
func (o *originNode) update(key string) (body, error) {
	o.mu.Lock()
	r := o.row(key)
	r.last++
	b := body{Version: r.last}
	_, err := fmt.Fprintf(o.log, "%s %d\n", key, b.Version)
	o.mu.Unlock()
	if err := errorOf(err, o.log.Sync()); err != nil {
		return body{}, fmt.Errorf("database: %w", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	r.version = max(r.version, b.Version)
	return b, nil
}

// get responds with a version, with the Date at which it read the database: the time for making the response counts as age.
func (o *originNode) get(w http.ResponseWriter, r *http.Request) {
	b, etag, took := o.read(r)
	w.Header().Set(readAt, strconv.FormatInt(int64(o.h.Clock().Monotonic()), 10))
	w.Header().Set("Date", o.h.Clock().Now().UTC().Format(http.TimeFormat))
	w.Header().Set("Etag", etag)
	for name, value := range map[string]string{"Cache-Control": o.Control, "Vary": o.Vary} { // order: a map is filled from a map
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	if hasETag(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if took > 0 && o.h.Sleep(took) != nil {
		return
	}
	o.write(w, b)
}

// read reads the database. A validation that succeeds takes no time and is no load.
func (o *originNode) read(r *http.Request) (b body, etag string, took time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	row := o.row(r.URL.Path)
	b = body{Version: row.version}
	if o.Personal {
		b.For = userOf(r)
	}
	etag = fmt.Sprintf(`"%d-%s"`, b.Version, b.For)
	if hasETag(r.Header.Get("If-None-Match"), etag) {
		return b, etag, 0
	}
	row.loads = append(row.loads, o.h.Clock().Monotonic())
	if o.Render > 0 {
		draw := o.h.Rand()
		took = time.Duration((0.5 + draw.Float64()) * float64(o.Render))
		if draw.IntN(20) == 0 {
			took *= 10
		}
	}
	return b, etag, took
}

// userOf returns the user of a request, by its cookie.
func userOf(r *http.Request) string {
	c, err := r.Cookie("user")
	if err != nil {
		return ""
	}
	return c.Value
}
