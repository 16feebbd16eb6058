package gateway

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// Orders is a gateway (n1) before two replicas of a service (n2, n3) that takes orders by POST. Each order has an effect: a payment. Some
// take longer than the gateway waits for them, and are paid all the same.
type Orders struct {
	Tries   int           // of the gateway, for a request; default 1
	Timeout time.Duration // of a try; default 300 ms
	Key     Keying        // who makes the idempotency key of a request; default: there is none
	Dedup   Dedup         // what a replica does with the keys; default: nothing
	Sticky  bool          // whether all tries of a request go to one replica; each has keys of its own
	Slow    float64       // share of the tries that take 500 ms and not 20 ms, drawn for each; default 0.2
}

// A Keying says who makes the idempotency key of a request.
type Keying int

// The keyings.
const (
	NoKey     Keying = iota // there is none
	ClientKey               // the client: one for the request, for all tries
	TryKey                  // the gateway: a new one for each try
)

// A Dedup says how a replica recognises a request that it has seen.
type Dedup int

// The ways to do so.
const (
	NoDedup  Dedup = iota // it does not
	Checked               // it looks for the key, does the work, and stores the key when that is done
	Reserved              // it stores the key before the work, and who comes meanwhile waits for the result
)

// keyHeader is the header of an idempotency key, as the draft of the IETF names it.
const keyHeader = "Idempotency-Key"

// Nodes returns how many nodes it takes.
func (Orders) Nodes() int { return 3 }

// Open makes a client, which posts its orders to the gateway.
func (s Orders) Open(_ context.Context, h *cluster.Host) (Caller, error) {
	return newCaller(h, false, func(ctx context.Context, c Caller, in model.RequestOp) (model.Answer, error) {
		rt := c.rt
		if s.Key == ClientKey {
			rt = header{keyHeader, fmt.Sprint("order-", in.ID), rt}
		}
		out, _, err := web.Do(ctx, rt, http.MethodPost, "http://n1"+in.Route, http.NoBody)
		return out, err
	}), nil
}

// Run runs one node until ctx is done.
func (s Orders) Run(ctx context.Context, h *cluster.Host) error {
	if s.Timeout == 0 {
		s.Timeout = 300 * time.Millisecond
	}
	if s.Slow == 0 {
		s.Slow = 0.2
	}
	if h.Name() == "n1" {
		t := web.Transport(h)
		return serve(ctx, h, t, proxy(h, "n2", retrying{h, s, within(h, s.Timeout, web.Recorded(h, t))}).ServeHTTP)
	}
	p := &payments{s: s, h: h, draw: keyed.New(h.Rand().Uint64(), "slow"), seen: map[int]int{}, orders: map[string]*order{}}
	return serve(ctx, h, nil, p.ServeHTTP)
}

// retrying is the transport of a gateway that tries again, whatever the method.
type retrying struct {
	h    *cluster.Host
	s    Orders
	next http.RoundTripper
}

// RoundTrip tries until there is an answer, or no try is left.
func (t retrying) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	id := web.Of(r.Context()).ID
	for try := range max(1, t.s.Tries) {
		if try > 0 && wait(r.Context(), t.h, retryPause) != nil {
			break
		}
		attempt := r.Clone(r.Context())
		attempt.URL.Host = t.replica(id, try)
		if t.s.Key == TryKey {
			attempt.Header.Set(keyHeader, fmt.Sprint("try-", id, "-", try))
		}
		if answer, err = t.next.RoundTrip(attempt); err == nil {
			break
		}
	}
	return answer, err
}

// replica returns the replica that a try goes to.
func (t retrying) replica(id, try int) string {
	if t.s.Sticky {
		try = 0
	}
	return []string{"n2", "n3"}[(id+try)%2]
}
