package cdn

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// A Client is a user's browser. It reads through one node of the outermost layer, and writes to the origin.
type Client struct {
	stack  Stack
	h      *cluster.Host
	direct http.RoundTripper // without the cache of the browser
	node   string

	cache  *Edge     // of the browser; nil if it has none
	leaves time.Time // when the next user replaces this one; zero for never
}

// Open returns a client of the node that the host is bound to, or of another one of the outermost layer if it is not in
// that. It connects when it is used.
func (s Stack) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	return &Client{stack: s, h: h, direct: transport(h), node: s.nearest(h)}, nil
}

// browse returns the transport of the user's reads: a browser cache, which is empty for a new user, or none.
func (c *Client) browse() (http.RoundTripper, error) {
	now := c.h.Clock().Now()
	if c.stack.Browser == nil {
		return c.direct, nil
	}
	if c.cache != nil && (c.leaves.IsZero() || now.Before(c.leaves)) {
		return c.cache, nil
	}
	if c.stack.Visits > 0 {
		c.leaves = now.Add(time.Duration(c.h.Rand().ExpFloat64() * float64(c.stack.Visits)))
	}
	var err error
	c.cache, err = NewEdge(context.Background(), c.h, "browser", *c.stack.Browser, c.stack.Bugs, c.direct)
	return c.cache, err
}

// nearest returns the node of the outermost layer that a client uses: its own if that is one.
func (s Stack) nearest(h *cluster.Host) string {
	if len(s.Layers) == 0 {
		return origin
	}
	outer := s.nodes(0)
	if slices.Contains(outer, h.Node()) {
		return h.Node()
	}
	return outer[slices.Index(h.Nodes(), h.Node())%len(outer)]
}

// Close has nothing to close.
func (c *Client) Close() error { return nil }

// Do does what the op says; see [model.CacheOp].
func (c *Client) Do(ctx context.Context, op model.CacheOp) (model.Copy, error) {
	switch op.F {
	case "read":
		return c.read(ctx, op)
	case "peek":
		b, answer, err := c.do(ctx, c.direct, http.MethodGet, op.At+"/"+op.Key, http.Header{"Cache-Control": {"only-if-cached"}})
		if answer.status == http.StatusGatewayTimeout {
			return model.Copy{Missing: true}, nil
		}
		return copyOf(b, answer), err
	case "write":
		b, _, err := c.do(ctx, c.direct, http.MethodPost, origin+"/"+op.Key, nil)
		return model.Copy{Version: b.Version}, err
	case "loads":
		b, _, err := c.do(ctx, c.direct, http.MethodGet, origin+"/loads/"+op.Key, nil)
		return model.Copy{LoadedAt: b.LoadedAt}, err
	}
	return model.Copy{}, fmt.Errorf("cdn: a client can't %s", op.F)
}

// read reads through the browser and the node, as a user if the op names one.
func (c *Client) read(ctx context.Context, op model.CacheOp) (model.Copy, error) {
	via, err := c.browse()
	if err != nil {
		return model.Copy{}, err
	}
	header := http.Header{}
	if op.As != "" {
		header.Set("Cookie", "user="+op.As)
	}
	b, answer, err := c.do(ctx, via, http.MethodGet, c.node+"/"+op.Key, header)
	return copyOf(b, answer), err
}

// copyOf returns what checkers need of a response.
func copyOf(b body, answer reply) model.Copy {
	out := model.Copy{Version: b.Version, For: b.For, MaxAge: allowed(parseDirectives(answer.header))}
	if at, err := strconv.ParseInt(answer.header.Get(readAt), 10, 64); err == nil {
		out.Made = time.Duration(at)
	}
	out.From, out.Coalesced = servedBy(answer.header)
	if out.From == "" && !out.Coalesced {
		out.Loads = 1
	}
	return out
}

// do makes a request and decodes the body of the response. Any status but OK is an error.
func (c *Client) do(ctx context.Context, via http.RoundTripper, method, url string, header http.Header) (b body, answer reply, err error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+url, nil)
	if err != nil {
		return b, answer, err
	}
	if header != nil {
		r.Header = header
	}
	resp, err := (&http.Client{Transport: via}).Do(r)
	if err != nil {
		return b, answer, err
	}
	if answer, err = arrive(resp); err != nil {
		return b, answer, err
	}
	if answer.status != http.StatusOK {
		return b, answer, fmt.Errorf("%s %s: %s", method, url, resp.Status)
	}
	return b, answer, json.Unmarshal(answer.body, &b)
}

// allowed returns how old the response may be by its own directives: its lifetime, with the longer of the allowances.
func allowed(d directives) time.Duration {
	most := func(names ...string) (most time.Duration) {
		for _, name := range names {
			t, _ := d.seconds(name)
			most = max(most, t)
		}
		return most
	}
	return most("max-age", "s-maxage") + most("stale-while-revalidate", "stale-if-error")
}

// servedBy returns which cache had the response, empty if the origin made it for this request; and whether it was coalesced with an
// earlier load. RFC 9211: each cache adds a member, the one next to the client last. Members before a hit are of an earlier
// request.
func servedBy(h http.Header) (cache string, joined bool) {
	members := splitList(strings.Join(h.Values("Cache-Status"), ","))
	for _, m := range slices.Backward(members) {
		parts := strings.Split(m, "; ")
		if slices.Contains(parts, "hit") {
			return parts[0], joined
		}
		joined = joined || slices.Contains(parts, "collapsed")
	}
	return "", joined
}
