package balance

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A balancer is a life of the node that balances.
type balancer struct {
	Service
	h  *cluster.Host
	rt http.RoundTripper

	mu       sync.Mutex // never held over a wait
	policy   Policy
	backends []*backend
}

// A backend is what the balancer knows of one.
type backend struct {
	node     string
	inFlight int
	joined   time.Duration // when it came into the rotation, or came back; below 0 if it was there from the start
	probes   streak        // of probes
	sick     bool          // by its probes
	ejection ejection      // by its answers
}

// balance runs the balancer.
func (s Service) balance(ctx context.Context, h *cluster.Host) error {
	transport := web.Transport(h)
	defer transport.CloseIdleConnections()
	b := &balancer{Service: s, h: h, rt: web.Recorded(h, transport), policy: RoundRobin()}
	if s.Policy != nil {
		b.policy = s.Policy()
	}
	for _, node := range s.Names() {
		b.backends = append(b.backends, &backend{node: node, joined: -1})
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	if s.Probes.Every > 0 {
		b.probeAll(ctx, &wg)
	}
	return web.Serve(ctx, h, ":80", web.Handle(h, http.HandlerFunc(b.serve)))
}

// errNone is the answer when no backend is in the rotation.
var errNone = errors.New("balance: no backend is healthy")

// serve passes a request on to a backend.
func (b *balancer) serve(w http.ResponseWriter, r *http.Request) {
	to := b.choose(r)
	if to == nil {
		http.Error(w, errNone.Error(), http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := b.h.WithTimeout(r.Context(), b.timeout())
	defer cancel()
	code, header, body, err := b.forward(ctx, r, to)
	b.done(to, code < 500 || r.Context().Err() != nil)
	if b.Sticky {
		http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: to.node})
	}
	if err != nil {
		http.Error(w, err.Error(), code)
		return
	}
	if v := header.Get(headerVersion); v != "" {
		w.Header().Set(headerVersion, v)
	}
	w.WriteHeader(code)
	_, _ = w.Write(body)
}

// forward sends a request to a backend, and returns what it answered. If it did not, the status says so.
func (b *balancer) forward(ctx context.Context, r *http.Request, to *backend) (code int, header http.Header, body []byte, err error) {
	out := r.Clone(ctx)
	out.RequestURI, out.Host = "", ""
	out.URL.Scheme, out.URL.Host = "http", to.node
	answer, err := b.rt.RoundTrip(out)
	if err == nil {
		body, err = io.ReadAll(answer.Body)
		err = errors.Join(err, answer.Body.Close())
	}
	switch {
	case err == nil:
		return answer.StatusCode, answer.Header, body, nil
	case ctx.Err() != nil:
		return http.StatusGatewayTimeout, nil, nil, err
	}
	return http.StatusBadGateway, nil, nil, err
}

// sessionCookie names the backend that a session stays with.
const sessionCookie = "backend"

// choose returns the backend of a request, which counts as in flight there from then on; nil if none is in the rotation.
func (b *balancer) choose(r *http.Request) *backend {
	call := web.Of(r.Context())
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.h.Clock().Monotonic()
	able := b.rotation(now)
	if len(able) == 0 {
		return nil
	}
	to := b.stuck(r, able)
	if to == nil {
		draw := keyed.New(uint64(call.ID), "balance", call.Route)
		to = able[b.policy.Pick(Pick{Number: call.ID, Key: r.URL.Path, Draw: draw}, b.candidates(able, now))]
	}
	to.inFlight++
	return to
}

// stuck returns the backend that the session of a request stays with, if there is one and it is in the rotation.
func (b *balancer) stuck(r *http.Request, able []*backend) *backend {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil || !b.Sticky {
		return nil
	}
	for _, to := range able {
		if to.node == cookie.Value {
			return to
		}
	}
	return nil
}

// rotation returns the backends that may get a request: the members that are healthy, or all members if there are too few of those.
func (b *balancer) rotation(now time.Duration) (able []*backend) {
	members := b.backends[:b.members(now)]
	for i, m := range members {
		if m.joined < 0 && i >= b.members(0) {
			m.joined = now
		}
		if !m.sick && !m.ejection.at(now) {
			able = append(able, m)
		}
	}
	if float64(len(able)) < b.Panic*float64(len(members)) {
		return members
	}
	return able
}

func (b *balancer) candidates(able []*backend, now time.Duration) (all []Candidate) {
	for _, to := range able {
		all = append(all, Candidate{Node: to.node, InFlight: to.inFlight, Weight: b.weight(to, now)})
	}
	return all
}

// leastStart is the share of its weight that a backend begins with under slow start, as Envoy has it.
const leastStart = 0.1

// weight returns the weight of a backend, which under slow start grows with its time in the rotation.
func (b *balancer) weight(to *backend, now time.Duration) float64 {
	weight := 1.0
	if w, ok := b.Weights[to.node]; ok {
		weight = w
	}
	if age := now - to.joined; to.joined >= 0 && age < b.SlowStart {
		weight *= max(leastStart, float64(age)/float64(b.SlowStart))
	}
	return weight
}

// done notes how a request ended.
func (b *balancer) done(to *backend, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	to.inFlight--
	now := b.h.Clock().Monotonic()
	if b.Ejection.After > 0 && to.ejection.answered(b.Ejection, ok, now) && b.mayEject(now) {
		until := to.ejection.eject(b.Ejection, now)
		to.joined = until
		b.conclude(to, false)
		b.h.AfterFunc(until-now, func() { b.conclude(to, true) })
	}
}

// mayEject reports whether one more backend may be out of the rotation by its answers.
func (b *balancer) mayEject(now time.Duration) bool {
	members, out := b.members(now), 0
	for _, to := range b.backends[:members] {
		if to.ejection.at(now) {
			out++
		}
	}
	return float64(out+1) <= b.Ejection.most()*float64(members)
}
