// Package http is a key-value store over net/http, both sides of it unmodified:
// an http.Server on a listener of the host, an http.Client whose transport dials
// by the host.
//
// Node n1 has the data, and the others pass on to it what they are asked. That is
// linearizable, and unavailable to clients that can't reach n1. To be quick, a [Store]
// can have the others keep what they read for a while, as a cache in front of
// a store does. Then it is not linearizable any more; the test says by how much.
package http

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A Store is the store; the zero Store has no cache.
type Store struct {
	CacheFor time.Duration // how long nodes other than n1 keep what they have read
}

// An entry is what GET answers and PUT takes, in JSON.
type entry struct {
	Value int `json:"value"`
}

// Run serves HTTP on one node until its host crashes.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	l, err := h.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	var handler http.Handler = &store{data: map[string]int{}}
	if h.Name() != "n1" {
		handler = s.front(h)
	}
	server := &http.Server{Handler: handler}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	return server.Serve(l)
}

// store answers from its own memory.
type store struct {
	mu   sync.Mutex
	data map[string]int
}

// ServeHTTP reads and writes the network outside of the lock: who holds a lock over
// I/O lets a slow client stop everybody.
func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var e entry
	if r.Method == http.MethodPut {
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.put(r.URL.Path, e.Value)
	} else {
		e.Value = s.get(r.URL.Path)
	}
	_ = json.NewEncoder(w).Encode(e) // a client that went away needs no answer
}

func (s *store) put(path string, value int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data[path] = value
}

func (s *store) get(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data[path]
}

// front passes on to n1 what it is asked, through a cache if the store has one.
func (s Store) front(h *cluster.Host) http.Handler {
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "n1"})
	proxy.Transport = transport(h)
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, err.Error(), http.StatusBadGateway)
	}
	if s.CacheFor == 0 {
		return whole(proxy)
	}
	c := &cache{store: s, h: h, until: map[string]time.Time{}, values: map[string]entry{}}
	proxy.ModifyResponse = c.keep
	return whole(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e, ok := c.get(r); ok {
			_ = json.NewEncoder(w).Encode(e)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
}

// whole reads a request before it hands it on. Package http looks out for clients that go away only once
// their request has been read. If a proxy read it while it passes it on, whether what a client asked
// that is gone already still goes out would be a race between goroutines of the package, and chance.
func whole(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		next.ServeHTTP(w, r)
	})
}

// transport returns a transport that dials by the host, and opens a connection for
// each request: one that is kept might be half dead after a partition.
func transport(h *cluster.Host) *http.Transport {
	return &http.Transport{DialContext: h.DialContext, DisableKeepAlives: true}
}

// cache has what a node has read lately.
type cache struct {
	store Store
	h     *cluster.Host

	mu     sync.Mutex
	until  map[string]time.Time
	values map[string]entry
}

func (c *cache) get(r *http.Request) (entry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	path := r.URL.Path
	if r.Method != http.MethodGet {
		delete(c.until, path) // this node drops what it has; the others keep theirs
	}
	e, ok := c.values[path]
	return e, ok && c.h.Clock().Now().Before(c.until[path])
}

// keep reads an answer of n1 and writes it anew for the client.
func (c *cache) keep(r *http.Response) error {
	var e entry
	if r.Request.Method != http.MethodGet || r.StatusCode != http.StatusOK {
		return nil
	}
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	path := r.Request.URL.Path
	c.values[path], c.until[path] = e, c.h.Clock().Now().Add(c.store.CacheFor)
	b, err := json.Marshal(e)
	r.Body, r.ContentLength = body{strings.NewReader(string(b))}, int64(len(b))
	r.Header.Set("Content-Length", fmt.Sprint(len(b)))
	return err
}

type body struct{ *strings.Reader }

func (body) Close() error { return nil }

// A Client talks to one node.
type Client struct {
	http *http.Client
	base string
}

// Open returns a client of the node that the host is bound to. It connects when
// it is used.
func (s Store) Open(_ context.Context, h *cluster.Host) (Client, error) {
	return Client{&http.Client{Transport: transport(h)}, "http://" + h.Node() + "/"}, nil
}

// Get reads a key; one that was never written is 0.
func (c Client) Get(ctx context.Context, key string) (int, error) {
	return c.do(ctx, http.MethodGet, key, "")
}

// Put writes a key.
func (c Client) Put(ctx context.Context, key string, value int) error {
	_, err := c.do(ctx, http.MethodPut, key, fmt.Sprintf(`{"value":%d}`, value))
	return err
}

// Close has nothing to close.
func (c Client) Close() error { return nil }

func (c Client) do(ctx context.Context, method, key, body string) (int, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+key, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return 0, err
	}
	var e entry
	err = json.NewDecoder(answer.Body).Decode(&e)
	if answer.StatusCode != http.StatusOK {
		err = errors.New(answer.Status)
	}
	return e.Value, errors.Join(err, answer.Body.Close())
}
