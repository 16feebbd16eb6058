package gateway

import (
	"net/http"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// payments is a replica of the service that takes [Orders].
type payments struct {
	s    Orders
	h    *cluster.Host
	draw keyed.Key

	mu   sync.Mutex
	seen map[int]int              // how often each request came
	done map[string]chan struct{} // by key; closed when the work is done
}

// ServeHTTP takes an order. It does not end when the gateway gives up.
func (p *payments) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get(keyHeader)
	if key == "" || p.s.Dedup == NoDedup {
		p.pay(r)
		return
	}
	if done := p.first(key); done != nil {
		<-done
		return
	}
	p.pay(r)
	p.finish(key)
}

// first returns nil if this is the first request with the key, and else what is closed when the work for it is done.
func (p *payments) first(key string) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if done, ok := p.done[key]; ok {
		return done
	}
	if p.s.Dedup == Reserved {
		p.done[key] = make(chan struct{})
	}
	return nil
}

// finish remembers that the work for a key is done.
func (p *payments) finish(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.s.Dedup == Checked {
		p.done[key] = make(chan struct{})
	}
	close(p.done[key])
}

// pay takes its time, and has the effect.
func (p *payments) pay(r *http.Request) {
	if p.h.Sleep(p.takes(web.Of(r.Context()).ID)) == nil {
		p.h.Begin(web.In(r.Context(), "effect", p.h.Name())).End(nil, nil)
	}
}

// takes returns for how long the next try of a request is worked for.
func (p *payments) takes(id int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[id]++
	if p.draw.Int(int64(id)).Int(int64(p.seen[id])).Float64() < p.s.Slow {
		return 500 * time.Millisecond
	}
	return 20 * time.Millisecond
}
