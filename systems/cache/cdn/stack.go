package cdn

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A Stack is layers of caches in front of a database. Node n1 has the database, and the nodes after it the layers, the
// innermost first: with [CDN], n2 is the shield and n3, n4 and n5 are the PoPs. The upstream of each node is always the same node of the
// layer below. A cluster must have as many nodes as [Stack.Nodes] says.
//
// The database is on a disk. A cache is empty after a crash.
type Stack struct {
	Origin  Origin
	Layers  []Layer // from the clients inwards
	Browser *Cache  // that each client has itself; nil if it has none
	Purge   Purge
	Bugs    Bug           // mistakes that the caches make; none by default
	Visits  time.Duration // how long a user stays, on average, before the next one comes, with an empty browser cache; default for the whole run
}

// A Layer is nodes that are caches of one kind.
type Layer struct {
	Name  string
	Nodes int // default 1
	Cache
}

// CDN returns three points of presence for clients, and one shield between them and the origin. Responses may
// be 30 s old, and the origin purges all caches before it acknowledges a change.
func CDN() Stack {
	return Stack{
		Origin: Origin{Control: "max-age=30", Render: 50 * time.Millisecond},
		Layers: []Layer{{Name: "pop", Nodes: 3}, {Name: "shield"}},
	}
}

// FiveLayers returns the layers that a request goes through: the browser, the CDN, reverse proxies, the application with a cache
// in each process and one that they share, and the database. Their responses may be 60, 60, 30, 10 and 30 seconds old.
func FiveLayers() Stack {
	return Stack{
		Origin: Origin{Control: "max-age=60"},
		Layers: []Layer{
			{Name: "cdn", Nodes: 24, Cache: Cache{TTL: time.Minute}},
			{Name: "proxy", Nodes: 6, Cache: Cache{TTL: 30 * time.Second}},
			{Name: "process", Nodes: 2, Cache: Cache{TTL: 10 * time.Second}},
			{Name: "shared", Cache: Cache{TTL: 30 * time.Second}},
		},
		Browser: &Cache{Private: true}, Visits: 2 * time.Minute,
	}
}

// Nodes returns how many nodes the stack has.
func (s Stack) Nodes() int {
	n := 1
	for _, l := range s.Layers {
		n += max(1, l.Nodes)
	}
	return n
}

// origin is the node with the database.
const origin = "n1"

// nodes returns the names of the nodes of a layer, by its place from outside.
func (s Stack) nodes(layer int) (names []string) {
	first := 2
	for i := len(s.Layers) - 1; i > layer; i-- {
		first += max(1, s.Layers[i].Nodes)
	}
	for i := range max(1, s.Layers[layer].Nodes) {
		names = append(names, fmt.Sprintf("n%d", first+i))
	}
	return names
}

// below returns the upstream of the node at a place of a layer.
func (s Stack) below(layer, place int) string {
	if layer == len(s.Layers)-1 {
		return origin
	}
	inner := s.nodes(layer + 1)
	return inner[place%len(inner)]
}

// find returns the layer of a node, and its place there.
func (s Stack) find(name string) (layer, place int, ok bool) {
	for layer := range s.Layers {
		for place, n := range s.nodes(layer) {
			if n == name {
				return layer, place, true
			}
		}
	}
	return 0, 0, false
}

// Run serves HTTP on one node until its host crashes.
func (s Stack) Run(ctx context.Context, h *cluster.Host) error {
	handler, err := s.handler(ctx, h)
	if err != nil {
		return fmt.Errorf("boot cdn: %w", err)
	}
	l, err := h.Listen("tcp", ":80")
	if err != nil {
		return fmt.Errorf("boot cdn: %w", err)
	}
	server := &http.Server{Handler: handler}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	return server.Serve(l)
}

// handler returns the handler of a node: the origin, or a cache.
func (s Stack) handler(ctx context.Context, h *cluster.Host) (http.Handler, error) {
	if have, want := len(h.Nodes()), s.Nodes(); have != want {
		return nil, fmt.Errorf("the stack has %d nodes, and the cluster %d", want, have)
	}
	if h.Name() == origin {
		return newOrigin(ctx, h, s)
	}
	layer, place, _ := s.find(h.Name())
	h.SetRole(s.Layers[layer].Name)
	name := s.Layers[layer].Name + "/" + h.Name()
	return NewEdge(ctx, h, name, s.Layers[layer].Cache, s.Bugs, upstream{s.below(layer, place), transport(h)})
}

// transport returns a transport that dials by the host, and opens a connection for each request: one that
// is kept may be half open after a partition.
func transport(h *cluster.Host) *http.Transport {
	return &http.Transport{DialContext: h.DialContext, DisableKeepAlives: true}
}

// upstream sends requests to one host, and ignores the host of their URLs.
type upstream struct {
	host string
	next http.RoundTripper
}

// RoundTrip sends the request to the host.
func (u upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	r.URL.Scheme, r.URL.Host, r.Host = "http", u.host, u.host
	return u.next.RoundTrip(r)
}
