package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A router is a gateway of [Routes].
type router struct {
	h  *cluster.Host
	rt http.RoundTripper

	mu    sync.Mutex
	table table
}

// ServeHTTP passes a request on by the table that the gateway has, and answers with its version.
func (g *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	t := g.table
	g.mu.Unlock()
	if t.Version == 0 {
		http.Error(w, "no table yet", http.StatusServiceUnavailable)
		return
	}
	if out, _, err := web.Get(r.Context(), g.rt, "http://"+t.Backend+r.URL.Path); err != nil {
		http.Error(w, err.Error(), max(out.Code, http.StatusBadGateway))
		return
	}
	fmt.Fprint(w, t.Version)
}

// poll asks the control plane for the table again and again, each gateway at a time of its own.
func (g *router) poll(ctx context.Context) {
	pause := routesPoll
	if g.h.Name() == "n3" {
		pause = 2 * routesPoll / 5
	}
	for {
		g.mu.Lock()
		url := fmt.Sprintf("http://%s/table?from=%s&has=%d", controlPlane, g.h.Name(), g.table.Version)
		g.mu.Unlock()
		var t table
		_, body, err := web.Get(ctx, g.rt, url)
		if err == nil {
			err = json.Unmarshal(body, &t)
		}
		if err == nil {
			g.mu.Lock()
			g.table = t
			g.mu.Unlock()
		}
		if wait(ctx, g.h, pause) != nil {
			return
		}
		pause = routesPoll
	}
}
