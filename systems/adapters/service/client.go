package service

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/workloads"
)

// A Client asks one node by HTTP.
type Client struct {
	http *http.Client
	base string
	keys bool // whether a POST has an idempotency key
}

// Open returns a client of the node that h is bound to.
func (s Service) Open(_ context.Context, h *cluster.Host) (Client, error) {
	return Client{
		http: &http.Client{Transport: &http.Transport{}}, base: "http://" + h.Node() + "/", keys: s.Bugs&NoKey == 0,
	}, nil
}

// Workload is [workloads.RegisterOver]: reads, writes and swaps of so many registers.
func (s Service) Workload(keys int) workloads.Workload { return workloads.RegisterOver(s.Open, keys) }

// Get reads a key; one that was never written is 0.
func (c Client) Get(ctx context.Context, key string) (int, error) {
	return c.do(ctx, http.MethodGet, key, nil)
}

// Put writes a key.
func (c Client) Put(ctx context.Context, key string, value int) error {
	_, err := c.do(ctx, http.MethodPost, key, url.Values{"value": {strconv.Itoa(value)}})
	return err
}

// CAS writes a key if its value is old, and returns the value that it found.
func (c Client) CAS(ctx context.Context, key string, old, value int) (found int, err error) {
	return c.do(ctx, http.MethodPost, key, url.Values{"old": {strconv.Itoa(old)}, "value": {strconv.Itoa(value)}})
}

// do sends a request and returns the number that is its answer. After any error it is not known what has been done.
func (c Client) do(ctx context.Context, method, key string, form url.Values) (int, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+key, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if c.keys {
			r.Header.Set("Idempotency-Key", rand.Text())
		}
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return 0, err
	}
	b, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(b)))
	}
	return strconv.Atoi(string(b))
}

// Close closes the connections.
func (c Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}
