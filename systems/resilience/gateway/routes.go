package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// Routes is a control plane (n1), which after a while moves a route from one backend (n4) to another (n5), and two gateways (n2, n3) that
// ask it for the table of routes once a second. The old backend is retired: it refuses requests then.
type Routes struct {
	After  time.Duration // when the route is moved, from the start of the control plane; default 5.5 s
	Await  bool          // whether the old backend is retired only when all gateways have the new table
	Sticky bool          // whether a client stays with one gateway, and does not draw one for each request
}

// A table says where the route goes.
type table struct {
	Version int    `json:"version"`
	Backend string `json:"backend"`
}

const (
	controlPlane = "n1"
	oldBackend   = "n4"
	newBackend   = "n5"
	routesPoll   = time.Second
)

// Nodes returns how many nodes it takes.
func (Routes) Nodes() int { return 5 }

// Open makes a client. The Version of its answers is that of the table that they were routed by.
func (s Routes) Open(_ context.Context, h *cluster.Host) (Caller, error) {
	gateways := []string{"n2", "n3"}
	client, err := strconv.Atoi(strings.TrimPrefix(h.Name(), "c"))
	if err != nil {
		return Caller{}, fmt.Errorf("routes: number of client %s: %w", h.Name(), err)
	}
	return newCaller(h, false, func(ctx context.Context, c Caller, in model.RequestOp) (model.Answer, error) {
		i := int(keyed.New(0, "gateway").Int(int64(in.ID)).Range(0, 2))
		if s.Sticky {
			i = client
		}
		out, body, err := web.Get(ctx, c.rt, "http://"+gateways[i%2]+in.Route)
		if err == nil {
			out.Version, err = strconv.Atoi(string(body))
		}
		return out, err
	}), nil
}

// Run runs one node until ctx is done.
func (s Routes) Run(ctx context.Context, h *cluster.Host) error {
	if s.After == 0 {
		s.After = 5500 * time.Millisecond
	}
	t := web.Transport(h)
	rt := within(h, askWithin, web.Recorded(h, t))
	switch h.Name() {
	case controlPlane:
		c := &control{s: s, h: h, rt: rt, table: table{1, oldBackend}, has: map[string]int{}}
		go c.move(ctx)
		return serve(ctx, h, t, c.ServeHTTP)
	case oldBackend, newBackend:
		return serve(ctx, h, t, retirable(h))
	}
	g := &router{h: h, rt: rt}
	go g.poll(ctx)
	return serve(ctx, h, t, g.ServeHTTP)
}

// retirable is the handler of a backend, which works until it is retired.
func retirable(h *cluster.Host) http.HandlerFunc {
	var mu sync.Mutex
	retired := false
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		retired = retired || r.URL.Path == "/retire"
		refuse := retired && r.URL.Path != "/retire"
		mu.Unlock()
		if refuse {
			http.Error(w, h.Name()+" is retired", http.StatusServiceUnavailable)
		}
	}
}

// A control is the control plane of [Routes].
type control struct {
	s  Routes
	h  *cluster.Host
	rt http.RoundTripper

	mu    sync.Mutex
	table table
	has   map[string]int // by gateway: the version of its table
}

// ServeHTTP gives a gateway the table, and notes which one it has.
func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	has, _ := strconv.Atoi(r.URL.Query().Get("has"))
	c.mu.Lock()
	c.has[r.URL.Query().Get("from")] = has
	t := c.table
	c.mu.Unlock()
	_ = json.NewEncoder(w).Encode(t) // a gateway that is gone needs no answer
}

// move moves the route, and retires the old backend.
func (c *control) move(ctx context.Context) {
	if wait(ctx, c.h, c.s.After) != nil {
		return
	}
	c.mu.Lock()
	c.table = table{2, newBackend}
	c.mu.Unlock()
	for c.s.Await && !c.adopted() {
		if wait(ctx, c.h, 100*time.Millisecond) != nil {
			return
		}
	}
	if _, _, err := web.Do(ctx, c.rt, http.MethodPost, "http://"+oldBackend+"/retire", http.NoBody); err != nil {
		c.h.Log().Info("the old backend is not retired", "err", err)
	}
}

// adopted reports whether both gateways have the new table.
func (c *control) adopted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.has["n2"] == 2 && c.has["n3"] == 2
}
