package balance

import (
	"context"
	"sync"
	"time"

	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// Probes look actively whether backends are healthy.
type Probes struct {
	Every   time.Duration // 0: never
	Path    string        // what they ask; default [Shallow]
	Timeout time.Duration // default 1s
	Fall    int           // probes in a row that fail before a backend is out of the rotation; default 2
	Rise    int           // probes in a row that succeed before it is back; default 2
}

// What a backend answers a probe by.
const (
	Shallow = "/health" // its process runs
	Deep    = "/ready"  // it does what it does for a user, its dependency included
)

const (
	defaultProbe  = time.Second
	defaultStreak = 2
)

func (p Probes) path() string {
	if p.Path == "" {
		return Shallow
	}
	return p.Path
}

// needed returns how many probes in a row change what is thought of a backend.
func (p Probes) needed(up bool) int {
	n := p.Fall
	if up {
		n = p.Rise
	}
	if n == 0 {
		return defaultStreak
	}
	return n
}

// A streak is how often in a row a backend answered otherwise than the balancer thinks of it.
type streak int

// probeAll begins to probe each backend, until ctx is done.
func (b *balancer) probeAll(ctx context.Context, wg *sync.WaitGroup) {
	for i, to := range b.backends {
		wg.Go(func() {
			if b.h.Sleep(b.Probes.Every*time.Duration(i+1)/time.Duration(len(b.backends)+1)) != nil {
				return
			}
			for ctx.Err() == nil {
				b.probe(ctx, to)
				if b.h.Sleep(b.Probes.Every) != nil {
					return
				}
			}
		})
	}
}

// probe asks a backend once, and takes it out of the rotation or back into it.
func (b *balancer) probe(ctx context.Context, to *backend) {
	timeout := b.Probes.Timeout
	if timeout == 0 {
		timeout = defaultProbe
	}
	ctx, cancel := b.h.WithTimeout(ctx, timeout)
	defer cancel()
	span := b.h.Begin(model.RequestOp{F: "probe", At: to.node, By: b.h.Name()})
	transport := web.Transport(b.h)
	_, _, err := web.Get(ctx, transport, "http://"+to.node+b.Probes.path())
	transport.CloseIdleConnections()
	b.mu.Lock()
	now := b.h.Clock().Monotonic()
	to.probed(b.Probes, err == nil, now)
	up := !to.sick && !to.ejection.at(now)
	b.mu.Unlock()
	span.End(model.Answer{Up: up}, nil)
}

// probed notes the outcome of a probe.
func (to *backend) probed(p Probes, ok bool, now time.Duration) {
	if ok != to.sick {
		to.probes = 0
		return
	}
	if to.probes++; int(to.probes) < p.needed(ok) {
		return
	}
	to.probes, to.sick = 0, !ok
	if ok {
		to.joined = now
	}
}

// conclude records what the balancer thinks of a backend by what it answers users.
func (b *balancer) conclude(to *backend, up bool) {
	b.h.Begin(model.RequestOp{F: "probe", At: to.node, By: b.h.Name()}).End(model.Answer{Up: up}, nil)
}
