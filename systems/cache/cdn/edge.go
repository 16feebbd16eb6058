package cdn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/singleflight"

	"github.com/capsize-go/capsize/cluster"
)

// uncacheableFor is how long a cache remembers that the responses of a URL must not be shared, so that requests for it
// do not wait for each other: what Varnish calls hit-for-miss.
const uncacheableFor = 10 * time.Second

// maxVariants is how many responses of one URL are kept: else a client could fill a cache with one URL by varying a header.
const maxVariants = 64

// methodPurge is the method that makes a cache drop an object: not a standard, but supported by Squid, Varnish, nginx and Fastly.
const methodPurge = "PURGE"

// loadTimeout is how long a shared cache waits for a response from upstream.
const loadTimeout = 800 * time.Millisecond

// everything is the path of a purge of all URLs.
const everything = "/*"

// An Edge is an HTTP cache in front of an upstream, by RFC 9111, with the allowances of RFC 5861. It is a
// handler for requests over the network, and a transport for a client that has a cache of its own.
//
// Its objects are in a list of golang-lru: which object is evicted depends only on what was used last,
// so runs repeat. Requests for the same object at once wait for one load, by x/sync's singleflight.
type Edge struct {
	rules
	site
	name    string
	next    http.RoundTripper
	flights singleflight.Group

	mu       sync.Mutex // never held while anything waits
	objects  *simplelru.LRU[string, *object]
	purges   map[string]int // by URL
	requests int            // how many requests have come
}

// A site is what an edge needs of the machine that it runs on.
type site struct {
	now     func() time.Time
	sleep   func(time.Duration) error
	loading func() (context.Context, context.CancelFunc) // for a load that outlives its request
}

// An object is what an edge has of a URL.
type object struct {
	variants []*stored // never changed, but replaced
	names    []string  // of headers that its last response depended on
	pass     time.Time // until then it must not be shared
}

// NewEdge returns a cache on a host, with the upstream next. Its name in Cache-Status is a token as RFC 9110
// defines it. Its loads end when ctx does.
func NewEdge(ctx context.Context, h *cluster.Host, name string, c Cache, bugs Bug, next http.RoundTripper) (*Edge, error) {
	loading := func() (context.Context, context.CancelFunc) { return h.WithTimeout(ctx, loadTimeout) }
	return newEdge(name, rules{c, bugs}, next, site{h.Clock().Now, h.Sleep, loading})
}

// newEdge returns a cache with room for c.Keep URLs, 1024 unless given.
func newEdge(name string, c rules, next http.RoundTripper, at site) (*Edge, error) {
	if c.Keep == 0 {
		c.Keep = 1024
	}
	objects, err := simplelru.NewLRU[string, *object](c.Keep, nil)
	if err != nil {
		return nil, fmt.Errorf("cache of %s: %w", name, err)
	}
	return &Edge{rules: c, site: at, name: name, next: next, objects: objects, purges: map[string]int{}}, nil
}

// ServeHTTP responds from the cache or from upstream, and handles purges.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == methodPurge {
		e.purge(r.URL.RequestURI(), r.Header.Get("Purge") == "soft")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	a, err := e.answer(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusGatewayTimeout)
		return
	}
	for name, values := range a.header { // order: a map is filled from a map
		w.Header()[name] = values
	}
	p := a.conditional(r)
	w.WriteHeader(p.status)
	_, _ = w.Write(p.body) // a client that went away needs no answer
}

// RoundTrip does the same for a client that has the cache itself.
func (e *Edge) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := e.answer(r)
	if err != nil {
		return nil, err
	}
	return a.conditional(r).response(r), nil
}

// A lookup is what an edge finds for a request.
type lookup struct {
	number  int // of the request
	url     string
	purges  int     // of this URL, before the request
	found   *stored // nil if there is nothing
	pass    bool    // it must not be shared
	forced  bool    // the client does not want what is stored
	variant string  // the values of the headers that the response depends on, as far as is known
}

// answer answers a request.
func (e *Edge) answer(r *http.Request) (reply, error) {
	if r.Method != http.MethodGet {
		return e.through(r)
	}
	now, g, asks := e.now(), e.look(r), parseDirectives(r.Header)
	s := g.found
	if g.forced = asks.has("no-cache"); g.forced {
		s = nil
	}
	switch {
	case s != nil && s.fresh(now):
		return e.serve(s, now, "hit"), nil
	case asks.has("only-if-cached"): // RFC 9111, §5.2.1.7
		return reply{status: http.StatusGatewayTimeout, header: http.Header{}}, nil
	case s != nil && !e.NoStale && s.mayBeStale(now, "stale-while-revalidate"):
		go e.load(r.Clone(context.WithoutCancel(r.Context())), g) //nolint:errcheck // if it fails the next request tries again
		return e.serve(s, now, "hit"), nil
	}
	got, how, err := e.load(r, g)
	if s != nil && !e.NoStale && (err != nil || got.failed()) && s.mayBeStale(e.now(), "stale-if-error") {
		return e.serve(s, e.now(), "hit; detail=error"), nil
	}
	if err != nil {
		return reply{}, fmt.Errorf("%s asks for %s: %w", e.name, g.url, err)
	}
	return e.serve(got, e.now(), how), nil
}

// through forwards a request that no cache can answer. It invalidates what the request changes: RFC 9111, §4.4.
func (e *Edge) through(r *http.Request) (reply, error) {
	resp, err := e.next.RoundTrip(r.Clone(r.Context()))
	if err != nil {
		return reply{}, err
	}
	p, err := arrive(resp)
	safe := slices.Contains([]string{http.MethodHead, http.MethodOptions, http.MethodTrace}, r.Method)
	if err == nil && !safe && p.status < http.StatusBadRequest {
		e.purge(r.URL.RequestURI(), false)
	}
	return p, err
}

// serve returns a response as it is sent, with its Age, and the Cache-Status of this cache (RFC 9211).
func (e *Edge) serve(s *stored, now time.Time, how string) reply {
	p := s.reply
	p.header = s.header.Clone()
	if age := s.ageAt(now); e.bugs&IgnoreAge == 0 && age >= time.Second {
		p.header.Set("Age", fmt.Sprint(int(age.Seconds())))
	}
	p.header.Add("Cache-Status", fmt.Sprintf("%s; %s; ttl=%d", e.name, how, int(-s.staleFor(now).Seconds())))
	return p
}

// look looks a request up.
func (e *Edge) look(r *http.Request) lookup {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.requests++
	url := r.URL.RequestURI()
	g := lookup{number: e.requests, url: url, purges: e.purged(url)}
	o, ok := e.objects.Get(g.url)
	if !ok {
		g.variant = valuesOf(r, e.KeyBy)
		return g
	}
	g.pass, g.variant = e.now().Before(o.pass), valuesOf(r, o.names)
	if i := slices.IndexFunc(o.variants, func(s *stored) bool { return s.depends.matches(r) }); i >= 0 {
		g.found = o.variants[i]
	}
	return g
}

// purged counts the purges of a URL: its epoch.
func (e *Edge) purged(url string) int {
	if e.bugs&NoEpoch != 0 {
		return 0
	}
	return e.purges[url] + e.purges[everything]
}

// errGone is the error of a load whose client went away.
var errGone = errors.New("the client went away")

// load fetches a response, or waits for a pending fetch. A request does not wait for a fetch that began before a purge, since
// the key of a flight has the epoch, and does not get a response that is for another user.
func (e *Edge) load(r *http.Request, g lookup) (s *stored, how string, err error) {
	how = "fwd=" + g.why()
	if g.pass || e.Private {
		s, err = e.fetch(r, g)
		return s, how, err
	}
	type landing struct {
		s  *stored
		by int // the number of the request that it is for
	}
	flight := e.flights.DoChan(strings.Join([]string{g.url, fmt.Sprint(g.purges), g.variant}, "\n"), func() (any, error) {
		s, err := e.fetch(r, g)
		return landing{s, g.number}, err
	})
	var landed landing
	select {
	case result := <-flight:
		landed, err = result.Val.(landing), result.Err
	case <-r.Context().Done():
		return nil, how, errGone
	}
	if landed.by == g.number {
		return landed.s, how, err
	}
	// All wake at once. Each continues at an instant of its own, so that their order does not depend on the scheduler.
	if err := errorOf(err, e.sleep(time.Duration(g.number-landed.by)*time.Microsecond)); err != nil {
		return nil, how, err
	}
	if e.bugs&CoalescePrivate == 0 && !(e.storable(r, landed.s) && landed.s.depends.matches(r)) {
		s, err = e.fetch(r, g)
		return s, how, err
	}
	return landed.s, how + "; collapsed", nil
}

// why says why a cache forwards a request, in the words of RFC 9211, §2.2.
func (g lookup) why() string {
	switch {
	case g.pass:
		return "bypass"
	case g.forced:
		return "request"
	case g.found != nil:
		return "stale"
	}
	return "miss"
}

// fetch makes a request upstream and stores the response. If a response is stored already it validates that.
func (e *Edge) fetch(r *http.Request, g lookup) (*stored, error) {
	ctx, cancel := e.within(r)
	defer cancel()
	out := r.Clone(ctx)
	out.Header.Del("If-None-Match")
	if g.found != nil {
		if etag := g.found.header.Get("Etag"); etag != "" {
			out.Header.Set("If-None-Match", etag)
		}
	}
	asked := e.now()
	p, err := e.ask(out)
	if err == nil && p.status == http.StatusNotModified && g.found != nil {
		same := false
		if p, same = g.found.freshen(p); !same {
			out.Header.Del("If-None-Match")
			p, err = e.ask(out)
		}
	}
	if err != nil {
		return nil, err
	}
	s := e.judge(r, p, asked, e.now())
	e.keep(r, g, s)
	return s, nil
}

// within returns the context of a load. In a shared cache it does not end with the first request, since others wait for the load.
func (e *Edge) within(r *http.Request) (context.Context, context.CancelFunc) {
	if e.Private {
		return context.WithCancel(r.Context())
	}
	return e.loading()
}

func (e *Edge) ask(r *http.Request) (reply, error) {
	resp, err := e.next.RoundTrip(r)
	if err != nil {
		return reply{}, err
	}
	return arrive(resp)
}

// keep stores a response if that is allowed, unless there was a purge since the request: the response may be older.
func (e *Edge) keep(r *http.Request, g lookup, s *stored) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.purged(g.url) != g.purges || s.failed() {
		return
	}
	o, ok := e.objects.Get(g.url)
	if !ok {
		o = &object{}
		e.objects.Add(g.url, o)
	}
	o.variants = slices.DeleteFunc(o.variants, func(old *stored) bool { return old.depends.matches(r) })
	o.names, o.pass = s.depends.names, time.Time{}
	if !e.storable(r, s) {
		o.pass = s.at.Add(uncacheableFor)
		return
	}
	o.variants = append(o.variants, s)
	o.variants = o.variants[max(0, len(o.variants)-maxVariants):]
}

// purge drops the responses of a URL, or of all. A soft purge only makes them stale, so that they can
// still be validated, and served where an allowance says so.
func (e *Edge) purge(url string, soft bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.purges[url]++
	urls := []string{url}
	if url == everything {
		urls = e.objects.Keys()
	}
	for _, url := range urls {
		if !soft {
			e.objects.Remove(url)
		} else if o, ok := e.objects.Peek(url); ok {
			o.soften(e.now())
		}
	}
}

// soften makes all responses stale.
func (o *object) soften(now time.Time) {
	o.pass = time.Time{}
	for i, s := range o.variants {
		if s.purged.IsZero() {
			stale := *s
			stale.purged = now
			o.variants[i] = &stale
		}
	}
}
