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
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A doorkeeper is a gateway of [Access].
type doorkeeper struct {
	s  Access
	h  *cluster.Host
	rt http.RoundTripper

	mu      sync.Mutex
	known   map[string]permission // by user: what the server said last
	pushed  map[string]int        // by user: the version of the last change that the server told
	version int                   // of all grants, as heard last
	heard   time.Duration         // when what was heard last was asked
}

// ServeHTTP lets a user in, or takes note of a change.
func (g *doorkeeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if user, ok := strings.CutPrefix(r.URL.Path, pushRoute); ok {
		version, _ := strconv.Atoi(r.URL.Query().Get("version"))
		g.mu.Lock()
		g.pushed[user] = max(g.pushed[user], version)
		g.mu.Unlock()
		return
	}
	allowed, err := g.decide(r.Context(), strings.TrimPrefix(r.URL.Path, userRoute))
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	case !allowed:
		http.Error(w, "access was revoked", http.StatusForbidden)
	}
}

// decide reports whether a user is let in. The error says that the server could not be asked.
func (g *doorkeeper) decide(ctx context.Context, user string) (bool, error) {
	p, usable, known := g.lookUp(user)
	if usable {
		return p.Allowed, nil
	}
	fresh, err := g.ask(ctx, userRoute+user)
	if err != nil {
		if g.s.FailOpen {
			return !known || p.Allowed, nil
		}
		return false, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if fresh.Version >= g.known[user].Version {
		g.known[user] = fresh
	}
	return fresh.Allowed, nil
}

// lookUp returns what is known of a user, whether it may be used, and whether there is anything.
func (g *doorkeeper) lookUp(user string) (p permission, usable, known bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.h.Clock().Monotonic()
	p, known = g.known[user]
	usable = known && now < p.asked+g.s.TTL && p.Version >= max(g.version, g.pushed[user])
	if g.s.Poll > 0 && now >= g.heard+g.s.Silence {
		usable = false
	}
	return p, usable, known
}

// ask asks the server. What it says is as old as the question.
func (g *doorkeeper) ask(ctx context.Context, path string) (permission, error) {
	p := permission{}
	at := g.h.Clock().Monotonic()
	_, body, err := web.Get(ctx, g.rt, "http://"+authServer+path)
	if err == nil {
		err = json.Unmarshal(body, &p)
	}
	p.asked = at
	if err != nil {
		return p, fmt.Errorf("ask the authorization server: %w", err)
	}
	return p, nil
}

// poll asks for the version of all grants again and again.
func (g *doorkeeper) poll(ctx context.Context) {
	for {
		if p, err := g.ask(ctx, versionPath); err == nil {
			g.mu.Lock()
			g.version, g.heard = max(g.version, p.Version), p.asked
			g.mu.Unlock()
		}
		if wait(ctx, g.h, g.s.Poll) != nil {
			return
		}
	}
}

// wait waits for d; the error is that of ctx if it is done before.
func wait(ctx context.Context, h *cluster.Host, d time.Duration) error {
	until, cancel := h.WithTimeout(ctx, d)
	defer cancel()
	<-until.Done()
	return ctx.Err()
}
