package gateway

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// Access is an authorization server (n1), and gateways (n2, n3, …) that let users in by what they have cached of its answers. All users
// have access at the start. Clients use it by calls of kind access, and change it by calls of kind grant and revoke.
type Access struct {
	TTL  time.Duration // for how long a gateway uses an answer; 0: it asks each time
	Push Push          // what the server tells the gateways when access changes; default: nothing

	// Poll has each gateway ask so often for the version of all grants. It uses no answer of an older version, and none at all if it has
	// not heard of the version for Silence. 0: it does not ask.
	Poll, Silence time.Duration

	// FailOpen has a gateway that can't ask the server go by what it knew last, and let in whom it does not know. By default it refuses.
	FailOpen bool
}

// A Push says what an authorization server tells the gateways when access changes.
type Push int

// The ways to push.
const (
	NoPush   Push = iota // nothing
	PushOnce             // it tells each gateway once, after it has acknowledged the change
	PushAll              // it acknowledges the change when all gateways have acknowledged it
)

const (
	authServer  = "n1"
	askWithin   = 100 * time.Millisecond // that a gateway waits for the server, and the server for a gateway
	pushPause   = 200 * time.Millisecond // before the server tells a gateway again
	userRoute   = "/user/"
	pushRoute   = "/push/"
	versionPath = "/version"
)

// Open makes a client.
func (s Access) Open(_ context.Context, h *cluster.Host) (Caller, error) {
	return newCaller(h, false, func(ctx context.Context, c Caller, in model.RequestOp) (model.Answer, error) {
		method, url := http.MethodPost, fmt.Sprintf("http://%s/%s/%s", authServer, in.F, in.By)
		if in.F == "access" {
			gateways := h.Nodes()[1:]
			method, url = http.MethodGet, "http://"+gateways[in.ID%len(gateways)]+userRoute+in.By
		}
		out, _, err := web.Do(ctx, c.rt, method, url, http.NoBody)
		return out, err
	}), nil
}

// Run runs one node until ctx is done.
func (s Access) Run(ctx context.Context, h *cluster.Host) error {
	t := web.Transport(h)
	rt := within(h, askWithin, web.Recorded(h, t))
	if h.Name() == authServer {
		a := &authorizer{s: s, h: h, rt: rt, ctx: ctx, revoked: map[string]bool{}}
		return serve(ctx, h, t, a.ServeHTTP)
	}
	g := &doorkeeper{s: s, h: h, rt: rt, known: map[string]permission{}, pushed: map[string]int{}}
	if s.Poll > 0 {
		go g.poll(ctx)
	}
	return serve(ctx, h, t, g.ServeHTTP)
}

// A permission is what the server says of a user.
type permission struct {
	Allowed bool `json:"allowed"`
	Version int  `json:"version"` // of all grants, when it was said
	asked   time.Duration
}
