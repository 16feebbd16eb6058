package libraries

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"

	"github.com/capsize-go/capsize/cluster"
)

// A Proxy is a store over net/http as one writes it first: connections are kept,
// and nodes other than n1 pass requests on while they read them.
type Proxy struct{}

// Run serves one node until its host crashes.
func (Proxy) Run(ctx context.Context, h *cluster.Host) error {
	l, err := h.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	var handler http.Handler = &values{data: map[string]int{}}
	silent := log.New(io.Discard, "", 0)
	if h.Name() != "n1" {
		transport := &http.Transport{DialContext: h.DialContext}
		defer transport.CloseIdleConnections()
		p := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "n1"})
		p.Transport, p.ErrorLog = transport, silent
		handler = p
	}
	server := &http.Server{Handler: handler, ErrorLog: silent}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	return server.Serve(l)
}

type values struct {
	mu   sync.Mutex
	data map[string]int
}

// ServeHTTP answers GET and PUT.
func (s *values) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var v int
	if r.Method == http.MethodPut && json.NewDecoder(r.Body).Decode(&v) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_ = json.NewEncoder(w).Encode(s.swap(r.Method == http.MethodPut, r.URL.Path, v))
}

// swap writes if it is to, and returns the value of then.
func (s *values) swap(write bool, key string, v int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if write {
		s.data[key] = v
	}
	return s.data[key]
}

// A ProxyClient talks to one node.
type ProxyClient struct {
	c    *http.Client
	base string
}

// Open returns a client that keeps its connections.
func (Proxy) Open(_ context.Context, h *cluster.Host) (ProxyClient, error) {
	return ProxyClient{&http.Client{Transport: &http.Transport{DialContext: h.DialContext}}, "http://" + h.Node() + "/"}, nil
}

func (c ProxyClient) do(ctx context.Context, method, key, body string) (v int, err error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+key, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	answer, err := c.c.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return 0, errors.New(answer.Status)
	}
	err = json.NewDecoder(answer.Body).Decode(&v)
	return v, err
}

// Get reads a key.
func (c ProxyClient) Get(ctx context.Context, key string) (int, error) {
	return c.do(ctx, http.MethodGet, key, "")
}

// Put writes a key.
func (c ProxyClient) Put(ctx context.Context, key string, v int) error {
	_, err := c.do(ctx, http.MethodPut, key, fmt.Sprint(v))
	return err
}

// Close drops the connections.
func (c ProxyClient) Close() error {
	c.c.CloseIdleConnections()
	return nil
}
