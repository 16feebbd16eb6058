package cdn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A Purge says how caches are purged after a change. The zero Purge purges all of them, the innermost layer first, and
// acknowledges a write after all have acknowledged the purge.
type Purge struct {
	Off        bool   // no cache is purged
	AckOnSend  bool   // each cache gets one request, and the write does not wait for the response
	OutsideIn  bool   // the outermost layer is purged first
	Soft       bool   // responses become stale instead of being dropped
	Everything bool   // all URLs are purged, and not only the one that changed
	Forgets    string // a layer that is not purged
}

const (
	// purgeTimeout is how long the origin waits for a cache to acknowledge a purge, before it tries again.
	purgeTimeout = 300 * time.Millisecond

	// purgePause is how long it waits after a purge has failed.
	purgePause = 100 * time.Millisecond
)

// A purger sends purges to the caches.
type purger struct {
	Purge
	ctx    context.Context // of the node: a purge outlives the write that caused it
	h      *cluster.Host
	http   *http.Client
	stages [][]string // nodes that are purged at once; the next stage follows when all have acknowledged
}

// newPurger returns a purger with a stage for each layer that is purged, in the order of the policy.
func newPurger(ctx context.Context, h *cluster.Host, s Stack) *purger {
	p := &purger{Purge: s.Purge, ctx: ctx, h: h, http: &http.Client{Transport: transport(h)}}
	for i, l := range s.Layers {
		if l.Name != p.Forgets {
			p.stages = append(p.stages, s.nodes(i))
		}
	}
	if !p.OutsideIn {
		slices.Reverse(p.stages)
	}
	return p
}

// all purges all caches after a change. It returns when the policy allows the write to be acknowledged, or ctx is done; the
// purge itself continues.
func (p *purger) all(ctx context.Context, key string) error {
	if p.Off {
		return nil
	}
	if p.Everything {
		key = everything
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, nodes := range p.stages {
			p.stage(nodes, key)
		}
	}()
	if p.AckOnSend {
		return nil
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.New("not all caches have purged yet")
	}
}

// stage purges the nodes of a stage concurrently, beginning each at an instant of its own.
func (p *purger) stage(nodes []string, key string) {
	var wait sync.WaitGroup
	for i, node := range nodes {
		wait.Go(func() {
			if p.h.Sleep(time.Duration(i)*time.Microsecond) == nil {
				p.send(node, key)
			}
		})
	}
	wait.Wait()
}

// send purges one node, and if the policy waits for it, again until it succeeds.
func (p *purger) send(node, key string) {
	for p.ctx.Err() == nil && p.sendOnce(node, key) != nil && !p.AckOnSend {
		if p.h.Sleep(purgePause) != nil {
			return
		}
	}
}

// sendOnce sends one purge, and returns an error unless it is acknowledged in time.
func (p *purger) sendOnce(node, key string) error {
	ctx, cancel := p.h.WithTimeout(p.ctx, purgeTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, methodPurge, "http://"+node+key, nil)
	if err != nil {
		return err
	}
	if p.Soft {
		r.Header.Set("Purge", "soft")
	}
	answer, err := p.http.Do(r)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusNoContent {
		return fmt.Errorf("%s answers a purge by %s", node, strconv.Itoa(answer.StatusCode))
	}
	return nil
}
