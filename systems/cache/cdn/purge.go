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

// A Purge says how caches are told of a change. The zero Purge tells all of them, the innermost layer first, and has a write
// wait until each has said that it dropped what it had.
type Purge struct {
	Off        bool   // nobody is told
	AckOnSend  bool   // each cache is told once, and nobody waits for its answer
	OutsideIn  bool   // the caches that clients ask are told first
	Soft       bool   // what they have is stale, and not dropped
	Everything bool   // all that they have, and not only what changed
	Forgets    string // a layer that is not told
}

const (
	// purgeTimeout is how long the origin waits for a cache to say that it has purged, before it tells it again.
	purgeTimeout = 300 * time.Millisecond

	// purgePause is how long it waits after a cache refused.
	purgePause = 100 * time.Millisecond
)

// A purger tells the caches.
type purger struct {
	Purge
	ctx    context.Context // of the node: a purge outlives the write that asked for it
	h      *cluster.Host
	http   *http.Client
	stages [][]string // nodes that are told at once, and when all have answered, the next
}

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

// all tells all caches of a change. It returns when the policy is content, or ctx is done; the purge itself goes on.
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

// stage tells some nodes at once. Each is told at an instant of its own.
func (p *purger) stage(nodes []string, key string) {
	var wait sync.WaitGroup
	for i, node := range nodes {
		wait.Go(func() {
			if p.h.Sleep(time.Duration(i)*time.Microsecond) == nil {
				p.tell(node, key)
			}
		})
	}
	wait.Wait()
}

// tell tells one node, and if the policy waits for it, again until it has heard.
func (p *purger) tell(node, key string) {
	for p.ctx.Err() == nil && p.once(node, key) != nil && !p.AckOnSend {
		if p.h.Sleep(purgePause) != nil {
			return
		}
	}
}

func (p *purger) once(node, key string) error {
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
