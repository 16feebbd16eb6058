package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// An authorizer is the authorization server of [Access].
type authorizer struct {
	s   Access
	h   *cluster.Host
	rt  http.RoundTripper
	ctx context.Context // of the node

	mu      sync.Mutex
	revoked map[string]bool // users
	version int             // of all grants
}

// ServeHTTP answers a gateway, or changes a grant.
func (a *authorizer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	verb, user, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if verb == "grant" || verb == "revoke" {
		a.change(w, r, user, verb == "revoke")
		return
	}
	a.mu.Lock()
	p := permission{Allowed: !a.revoked[user], Version: a.version}
	a.mu.Unlock()
	_ = json.NewEncoder(w).Encode(p) // a gateway that is gone needs no answer
}

// change grants access, or revokes it, and tells the gateways.
func (a *authorizer) change(w http.ResponseWriter, r *http.Request, user string, revoke bool) {
	a.mu.Lock()
	a.revoked[user] = revoke
	a.version++
	version := a.version
	a.mu.Unlock()
	switch a.s.Push {
	case PushOnce:
		ctx := web.With(a.ctx, web.Of(r.Context()))
		go func() {
			if wait(ctx, a.h, web.HandOver) == nil { // so that the change has been acknowledged
				_ = a.tellAll(ctx, user, version, 1) // who is not told has the TTL
			}
		}()
	case PushAll:
		if err := a.tellAll(r.Context(), user, version, 20); err != nil {
			http.Error(w, err.Error(), http.StatusGatewayTimeout)
		}
	}
}

// tellAll tells each gateway of a change, so many times until it acknowledges it.
func (a *authorizer) tellAll(ctx context.Context, user string, version, tries int) error {
	for _, node := range a.h.Nodes()[1:] {
		if err := a.tell(ctx, node, user, version, tries); err != nil && a.s.Push == PushAll {
			return err
		}
	}
	return nil
}

func (a *authorizer) tell(ctx context.Context, node, user string, version, tries int) (err error) {
	url := fmt.Sprintf("http://%s%s%s?version=%d", node, pushRoute, user, version)
	for range tries {
		if _, _, err = web.Do(ctx, a.rt, http.MethodPost, url, http.NoBody); err == nil || ctx.Err() != nil {
			break
		}
		if wait(ctx, a.h, pushPause) != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("tell %s of %s: %w", node, user, err)
	}
	return nil
}
