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

	mu     sync.Mutex
	seen   map[int]int       // how often each request came
	orders map[string]*order // by key
}

// ServeHTTP takes an order. It does not end when the gateway gives up.
func (p *payments) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get(keyHeader)
	if key == "" || p.s.Dedup == NoDedup {
		p.pay(r)
		return
	}
	if before, rank := p.arrive(key); rank > 0 {
		<-before.done
		_ = p.h.Sleep(time.Duration(rank) * web.HandOver) // so that all who wait go on one after the other
		return
	}
	p.pay(r)
	p.finish(key)
}

// An order is the work for a key.
type order struct {
	done    chan struct{} // closed when the work is done
	waiting int           // how many have come meanwhile
}

// arrive returns the work for a key, and how many have come for it before: 0 if this request is to do it.
func (p *payments) arrive(key string) (o *order, rank int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o, ok := p.orders[key]; ok {
		o.waiting++
		return o, o.waiting
	}
	o = &order{done: make(chan struct{})}
	if p.s.Dedup == Reserved {
		p.orders[key] = o
	}
	return o, 0
}

// finish remembers that the work for a key is done.
func (p *payments) finish(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.s.Dedup == Checked {
		p.orders[key] = &order{done: make(chan struct{})}
	}
	close(p.orders[key].done)
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
