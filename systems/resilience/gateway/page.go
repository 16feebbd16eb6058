package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A Page is a gateway (n1) that makes an answer of three parts, of which each comes from a service of its own (n2 to n4).
type Page struct {
	Missing Missing       // what it does about parts that do not come
	Timeout time.Duration // for how long it waits for the parts; 0: as long as the client waits
}

// A Missing says what a gateway does about parts that do not come.
type Missing int

// The ways to deal with them.
const (
	LeaveOut   Missing = iota // it answers without them
	Label                     // it answers without them, and says so
	Refuse                    // it answers with an error
	RefuseCore                // it answers with an error if one of the first two parts is missing, and else says what is missing
)

// parts are the services that have the parts of a [Page].
var parts = []string{"n2", "n3", "n4"}

// A document is the body of a page.
type document struct {
	Parts   []string `json:"parts"`             // that are in it, in order
	Partial bool     `json:"partial,omitempty"` // it says that some are missing
}

// Nodes returns how many nodes it takes.
func (Page) Nodes() int { return 1 + len(parts) }

// Open makes a client, which counts the parts that it gets.
func (Page) Open(_ context.Context, h *cluster.Host) (Caller, error) {
	return newCaller(h, false, func(ctx context.Context, c Caller, in model.RequestOp) (model.Answer, error) {
		out, body, err := web.Get(ctx, c.rt, "http://n1"+in.Route)
		if err != nil {
			return out, err
		}
		var got document
		if err := json.Unmarshal(body, &got); err != nil {
			return out, fmt.Errorf("read the page: %w", err)
		}
		out.Missing, out.Partial = len(parts)-len(got.Parts), got.Partial
		return out, nil
	}), nil
}

// Run runs one node until ctx is done.
func (s Page) Run(ctx context.Context, h *cluster.Host) error {
	if h.Name() != "n1" {
		return serve(ctx, h, nil, func(http.ResponseWriter, *http.Request) { _ = h.Sleep(20 * time.Millisecond) })
	}
	t := web.Transport(h)
	rt := web.Recorded(h, t)
	return serve(ctx, h, t, func(w http.ResponseWriter, r *http.Request) { s.answer(w, s.collect(r.Context(), h, rt)) })
}

// collect asks all services at once, and returns those that answered in time.
func (s Page) collect(ctx context.Context, h *cluster.Host, rt http.RoundTripper) (got []string) {
	if s.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = h.WithTimeout(ctx, s.Timeout)
		defer cancel()
	}
	ok := make([]bool, len(parts))
	var all sync.WaitGroup
	for i, node := range parts {
		all.Go(func() {
			if h.Sleep(time.Duration(i)*time.Microsecond) == nil { // so that they are asked in an order
				_, _, err := web.Get(ctx, rt, "http://"+node+"/part")
				ok[i] = err == nil
			}
		})
	}
	all.Wait()
	for i, node := range parts {
		if ok[i] {
			got = append(got, node)
		}
	}
	return got
}

// answer writes the page of the parts that there are, or an error.
func (s Page) answer(w http.ResponseWriter, got []string) {
	d := document{Parts: got}
	if len(got) < len(parts) {
		if s.Missing == Refuse || s.Missing == RefuseCore && !(slices.Contains(got, parts[0]) && slices.Contains(got, parts[1])) {
			http.Error(w, "a part is missing", http.StatusBadGateway)
			return
		}
		d.Partial = s.Missing != LeaveOut
	}
	_ = json.NewEncoder(w).Encode(d) // a client that is gone needs no answer
}
