package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// digestPause is how long the nodes have from one look at their digests to the next.
const digestPause = 100 * time.Millisecond

// awaitConvergence looks at the digests of the core until they agree, or the bound is over.
func (e *engine) awaitConvergence(w *cluster.Cluster) {
	s, ok := e.config.System.(cluster.Converger)
	if !ok {
		return
	}
	c := e.core
	for end := w.Now() + c.Bound; ; {
		c.Digests, c.silent = c.Digests[:0], false
		for _, node := range c.Nodes {
			digest, err := e.digest(w, s, node)
			if err != nil {
				digest, c.silent = fmt.Sprintf("no digest: %v", err), true
			}
			c.Digests = append(c.Digests, digest)
		}
		if c.Converged() || w.Now() >= end || e.interrupted() {
			return
		}
		e.sleep(digestPause)
	}
}

// digest asks one node.
func (e *engine) digest(w *cluster.Cluster, s cluster.Converger, node string) (digest string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	h := w.Client(e.config.Clients)
	defer h.Enter()()
	e.label(h.Name())
	defer e.label("")
	ctx, cancel := h.WithTimeout(context.Background(), e.config.Timeout)
	defer cancel()
	return s.Digest(ctx, h, node)
}

// Converged reports whether all nodes have the same digest.
func (c *Core) Converged() bool {
	return !c.silent && len(slices.Compact(slices.Clone(c.Digests))) == 1
}

// States says which nodes hold which state.
func (c *Core) States() string {
	var parts []string
	for i, digest := range c.Digests {
		if slices.Index(c.Digests, digest) < i {
			continue // listed with the first node that holds it
		}
		var holders []string
		for j, node := range c.Nodes {
			if c.Digests[j] == digest {
				holders = append(holders, node)
			}
		}
		parts = append(parts, fmt.Sprintf("%s: %s", strings.Join(holders, " "), digest))
	}
	return strings.Join(parts, "; ")
}
