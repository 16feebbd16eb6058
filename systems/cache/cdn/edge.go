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

// passFor is how long a cache remembers that the answers of a URL are not to be shared, so that those who ask for it
// need not wait for each other: what Varnish calls hit-for-miss.
const passFor = 10 * time.Second

// maxVariants is how many answers of one URL are kept: whoever can send any header could else fill a cache with one URL.
const maxVariants = 64

// methodPurge is how caches are told to drop an object: not a standard, and what Squid, Varnish, nginx and Fastly take.
const methodPurge = "PURGE"

// loadTimeout is how long a shared cache waits for the answer of whom it asks.
const loadTimeout = 800 * time.Millisecond

// everything is what a purge is for that is not for one URL.
const everything = "/*"

// An Edge is an HTTP cache in front of whom it asks, by RFC 9111, with the allowances of RFC 5861. It is a
// handler for those who ask over the network, and a transport for a client who has a cache of its own.
//
// What it has is in a list of golang-lru: which object makes room for another depends on what was used last and nothing
// else, so runs repeat. Those who ask for the same at once wait for one load, by x/sync's singleflight.
type Edge struct {
	rules
	site
	name    string
	next    http.RoundTripper
	flights singleflight.Group

	mu      sync.Mutex // never held while anything waits
	objects *simplelru.LRU[string, *object]
	purges  map[string]int // by URL
	asked   int            // how many requests have come
}

// A site is what an edge needs of the machine that it runs on.
type site struct {
	now     func() time.Time
	sleep   func(time.Duration) error
	loading func() (context.Context, context.CancelFunc) // for a load that outlives who asked for it
}

// An object is what an edge knows of a URL.
type object struct {
	variants []*stored // never changed, but replaced
	names    []string  // of headers that its last answer depended on
	pass     time.Time // until then it is not to be shared
}

// NewEdge returns a cache on a host, which has what it does not know from next. It tells of itself by the name, a token as RFC 9110
// has it. Its loads end when ctx does.
func NewEdge(ctx context.Context, h *cluster.Host, name string, c Cache, bugs Bug, next http.RoundTripper) (*Edge, error) {
	loading := func() (context.Context, context.CancelFunc) { return h.WithTimeout(ctx, loadTimeout) }
	return newEdge(name, rules{c, bugs}, next, site{h.Clock().Now, h.Sleep, loading})
}

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

// ServeHTTP answers from the cache, or passes on what it is asked; and it takes purges.
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

// A glance is what an edge finds when it is asked.
type glance struct {
	number  int // of the request
	url     string
	purges  int     // of this URL, before it was asked
	found   *stored // nil if there is nothing
	pass    bool    // it is not to be shared
	forced  bool    // the client does not want what is stored
	variant string  // which of several answers is asked for, as far as is known
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
		go e.load(r.Clone(context.WithoutCancel(r.Context())), g) //nolint:errcheck // who asks next sees what came of it
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

// through passes on what no cache answers. What it changes is dropped: RFC 9111, §4.4.
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

// serve returns an answer as it is sent, with its age and, as RFC 9211 has it, with what this cache did.
func (e *Edge) serve(s *stored, now time.Time, how string) reply {
	p := s.reply
	p.header = s.header.Clone()
	if age := s.ageAt(now); e.bugs&IgnoreAge == 0 && age >= time.Second {
		p.header.Set("Age", fmt.Sprint(int(age.Seconds())))
	}
	p.header.Add("Cache-Status", fmt.Sprintf("%s; %s; ttl=%d", e.name, how, int(-s.staleFor(now).Seconds())))
	return p
}

// look finds what there is.
func (e *Edge) look(r *http.Request) glance {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked++
	url := r.URL.RequestURI()
	g := glance{number: e.asked, url: url, purges: e.purged(url)}
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

// purged counts the purges that a URL was hit by: its epoch.
func (e *Edge) purged(url string) int {
	if e.bugs&NoEpoch != 0 {
		return 0
	}
	return e.purges[url] + e.purges[everything]
}

// errGone is what a load ends with whose client went away.
var errGone = errors.New("the client went away")

// load asks for an answer, or waits for one that is under way. Nobody waits for a load that began before a purge: a
// flight is of an epoch. And nobody is given what is for somebody else.
func (e *Edge) load(r *http.Request, g glance) (s *stored, how string, err error) {
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
	// All wake at once. Each goes on at an instant of its own, so that who is first is not chance.
	if err := errorOf(err, e.sleep(time.Duration(g.number-landed.by)*time.Microsecond)); err != nil {
		return nil, how, err
	}
	if e.bugs&CoalescePrivate == 0 && !(e.storable(r, landed.s) && landed.s.depends.matches(r)) {
		s, err = e.fetch(r, g)
		return s, how, err
	}
	return landed.s, how + "; collapsed", nil
}

// why says why a cache passes on a request, in the words of RFC 9211, §2.2.
func (g glance) why() string {
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

// fetch asks for an answer and stores it. If there is one that may be still right it asks whether it is.
func (e *Edge) fetch(r *http.Request, g glance) (*stored, error) {
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

// within returns how long a load may take. That of a shared cache goes on when who asked first has gone away: others wait for it.
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

// keep stores an answer, if it may, and unless it was purged since it was asked for: it may be from before that.
func (e *Edge) keep(r *http.Request, g glance, s *stored) {
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
		o.pass = s.at.Add(passFor)
		return
	}
	o.variants = append(o.variants, s)
	o.variants = o.variants[max(0, len(o.variants)-maxVariants):]
}

// purge drops what there is of a URL, or of all; if it is soft that is stale from now on and no more, so that it can
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

// soften makes all that there is stale.
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
