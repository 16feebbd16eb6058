// Package ownclient is a client wrapper of one's own, of the kind that is written in an hour: it tries again when a call fails. Its test
// shows how many calls of one request then reach a service that is down, when two services in a row are built with it.
package ownclient

import (
	"net/http"
	"sync"
	"time"
)

// A Client is a transport of net/http that tries again when a call fails. It is safe for concurrent use.
type Client struct {
	Next  http.RoundTripper
	Tries int           // in all
	Wait  time.Duration // between two

	// Budget is how many retries there may be for each call, in the mean: 0.1 is one for ten. 0 is no bound.
	Budget float64

	mu    sync.Mutex
	saved float64 // retries that may be made
}

// RoundTrip makes a call, and tries again while it fails.
func (c *Client) RoundTrip(r *http.Request) (*http.Response, error) {
	c.save(c.Budget)
	for try := 1; ; try++ {
		answer, err := c.Next.RoundTrip(r)
		failed := err != nil || answer.StatusCode >= 500
		if !failed || try == c.Tries || !c.spend() {
			return answer, err
		}
		if err == nil {
			_ = answer.Body.Close() // of an answer that is dropped
		}
		select {
		case <-time.After(c.Wait):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

func (c *Client) save(retries float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.saved = min(c.saved+retries, 10)
}

// spend reports whether the budget allows a retry. Without a budget it allows all: here is the bug.
func (c *Client) spend() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Budget == 0 {
		return true
	}
	if c.saved < 1 {
		return false
	}
	c.saved--
	return true
}
