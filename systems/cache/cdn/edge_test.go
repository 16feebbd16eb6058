package cdn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A fixture is an edge in front of an origin that a test makes.
type fixture struct {
	t    *testing.T
	edge *Edge

	mu     sync.Mutex
	asked  []*http.Request
	answer func(r *http.Request, n int) (status int, body string, header http.Header) // to request n, from 1
	takes  time.Duration
	down   bool
}

func newFixture(t *testing.T, c rules, control ...string) *fixture {
	g := &fixture{t: t, answer: func(_ *http.Request, n int) (int, string, http.Header) {
		h := headers("Cache-Control: "+strings.Join(control, ", "), fmt.Sprintf(`Etag: "%d"`, n))
		return http.StatusOK, fmt.Sprint(n), h
	}}
	sleep := func(d time.Duration) error { time.Sleep(d); return nil }
	loading := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.Background(), time.Minute)
	}
	var err error
	g.edge, err = newEdge("edge", c, g, site{time.Now, sleep, loading})
	require.NoError(t, err)
	return g
}

// RoundTrip is that of the origin.
func (g *fixture) RoundTrip(r *http.Request) (*http.Response, error) {
	g.mu.Lock()
	g.asked = append(g.asked, r)
	n := len(g.asked)
	g.mu.Unlock()
	time.Sleep(g.takes)
	if g.down {
		return nil, errors.New("down")
	}
	status, body, header := g.answer(r, n)
	return reply{status: status, header: header, body: []byte(body)}.response(r), nil
}

// want asks the edge, and looks at what it answers: the body, its age in seconds if it says so, and what the cache did.
func (g *fixture) want(body, age, did string, lines ...string) {
	g.t.Helper()
	resp, err := g.edge.RoundTrip(get(lines...))
	require.NoError(g.t, err)
	b, err := io.ReadAll(resp.Body)
	require.NoError(g.t, err)
	assert.Equal(g.t, body, string(b))
	assert.Equal(g.t, age, resp.Header.Get("Age"))
	parts := strings.Split(resp.Header.Get("Cache-Status"), "; ")
	assert.Equal(g.t, did, strings.Join(parts[1:len(parts)-1], "; "))
}

func inBubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func TestEdge(t *testing.T) {
	inBubble(t, "fresh until it is old, then validated", func(t *testing.T) {
		g := newFixture(t, rules{}, "max-age=10")
		g.want("1", "", "fwd=miss")
		time.Sleep(9 * time.Second)
		g.want("1", "9", "hit")
		g.answer = func(r *http.Request, _ int) (int, string, http.Header) {
			assert.Equal(t, `"1"`, r.Header.Get("If-None-Match"))
			return http.StatusNotModified, "", headers("Cache-Control: max-age=10")
		}
		time.Sleep(time.Second)
		g.want("1", "", "fwd=stale")
		g.want("1", "", "hit")
		assert.Len(t, g.asked, 2)
	})
	inBubble(t, "a 304 about another version says nothing", func(t *testing.T) {
		g := newFixture(t, rules{}, "max-age=10")
		g.want("1", "", "fwd=miss")
		time.Sleep(10 * time.Second)
		g.answer = func(r *http.Request, n int) (int, string, http.Header) {
			if r.Header.Get("If-None-Match") != "" {
				return http.StatusNotModified, "", headers(`Etag: "7"`)
			}
			return http.StatusOK, "seven", headers(`Etag: "7"`)
		}
		g.want("seven", "", "fwd=stale")
	})
	inBubble(t, "a client that has it already", func(t *testing.T) {
		g := newFixture(t, rules{}, "max-age=10")
		g.want("1", "", "fwd=miss")
		resp, err := g.edge.RoundTrip(get(`If-None-Match: "1"`))
		require.NoError(t, err)
		assert.Equal(t, http.StatusNotModified, resp.StatusCode)
	})
	inBubble(t, "the age that it had counts, and is answered", func(t *testing.T) {
		g := newFixture(t, rules{})
		g.answer = func(*http.Request, int) (int, string, http.Header) {
			return http.StatusOK, "x", headers("Cache-Control: max-age=10", "Age: 7")
		}
		g.want("x", "7", "fwd=miss")
		time.Sleep(2 * time.Second)
		g.want("x", "9", "hit")
		time.Sleep(time.Second)
		g.want("x", "7", "fwd=stale")
	})
}

func TestRequests(t *testing.T) {
	inBubble(t, "no-cache, and only-if-cached", func(t *testing.T) {
		g := newFixture(t, rules{}, "max-age=10")
		resp, err := g.edge.RoundTrip(get("Cache-Control: only-if-cached"))
		require.NoError(t, err)
		assert.Equal(t, http.StatusGatewayTimeout, resp.StatusCode)
		g.want("1", "", "fwd=miss")
		g.want("1", "", "hit", "Cache-Control: only-if-cached")
		g.want("2", "", "fwd=request", "Cache-Control: no-cache")
	})
	inBubble(t, "what is changed is dropped", func(t *testing.T) {
		g := newFixture(t, rules{}, "max-age=10")
		g.want("1", "", "fwd=miss")
		post := get()
		post.Method = http.MethodPost
		_, err := g.edge.RoundTrip(post)
		require.NoError(t, err)
		g.want("3", "", "fwd=miss")
	})
	inBubble(t, "two answers to two users", func(t *testing.T) {
		g := newFixture(t, rules{})
		g.answer = func(r *http.Request, _ int) (int, string, http.Header) {
			return http.StatusOK, r.Header.Get("Cookie"), headers("Cache-Control: max-age=10", "Vary: Cookie")
		}
		g.want("ann", "", "fwd=miss", "Cookie: ann")
		g.want("bob", "", "fwd=miss", "Cookie: bob")
		g.want("ann", "", "hit", "Cookie: ann")
		g.want("bob", "", "hit", "Cookie: bob")
	})
}

// TestStaleAllowances is RFC 5861.
func TestStaleAllowances(t *testing.T) {
	inBubble(t, "while it is validated", func(t *testing.T) {
		g := newFixture(t, rules{}, "max-age=10", "stale-while-revalidate=5")
		g.takes = 100 * time.Millisecond
		g.want("1", "", "fwd=miss")
		time.Sleep(10 * time.Second)
		before := time.Now()
		g.want("1", "10", "hit")
		g.want("1", "10", "hit")
		assert.Zero(t, time.Since(before), "no request waits")
		time.Sleep(time.Second)
		g.want("2", "1", "hit")
		assert.Len(t, g.asked, 2)
		time.Sleep(16 * time.Second)
		g.want("3", "", "fwd=stale")
	})
	inBubble(t, "but not by a cache that others keep answers of", func(t *testing.T) {
		g := newFixture(t, rules{Cache: Cache{NoStale: true}}, "max-age=10", "stale-while-revalidate=5")
		g.want("1", "", "fwd=miss")
		time.Sleep(11 * time.Second)
		g.want("2", "", "fwd=stale")
	})
	for name, fail := range map[string]func(g *fixture){
		"if the origin is down": func(g *fixture) { g.down = true },
		"if it fails": func(g *fixture) {
			g.answer = func(*http.Request, int) (int, string, http.Header) {
				return http.StatusServiceUnavailable, "sorry", http.Header{}
			}
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			g := newFixture(t, rules{}, "max-age=10", "stale-if-error=20")
			g.want("1", "", "fwd=miss")
			time.Sleep(11 * time.Second)
			g.want("2", "", "fwd=stale")
			fail(g)
			time.Sleep(29 * time.Second)
			g.want("2", "29", "hit; detail=error")
			time.Sleep(2 * time.Second)
			resp, err := g.edge.RoundTrip(get())
			assert.True(t, err != nil || resp.StatusCode == http.StatusServiceUnavailable)
		})
	}
}

// requestAtOnce makes n requests at once, each as another user, and returns the bodies, sorted by user.
func (g *fixture) requestAtOnce(n int) (bodies []string) {
	bodies = make([]string, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			time.Sleep(time.Duration(i) * time.Microsecond)
			resp, err := g.edge.RoundTrip(get(fmt.Sprintf("Cookie: u%d", i)))
			if assert.NoError(g.t, err) {
				b, _ := io.ReadAll(resp.Body)
				bodies[i] = string(b)
			}
		})
	}
	wait.Wait()
	return bodies
}

func TestCoalescing(t *testing.T) {
	inBubble(t, "one load for all", func(t *testing.T) {
		g := newFixture(t, rules{}, "max-age=10")
		g.takes = time.Second
		assert.Equal(t, []string{"1", "1", "1"}, g.requestAtOnce(3))
		assert.Len(t, g.asked, 1)
	})
	private := func(t *testing.T, bugs Bug) *fixture {
		g := newFixture(t, rules{bugs: bugs})
		g.takes = time.Second
		g.answer = func(r *http.Request, _ int) (int, string, http.Header) {
			return http.StatusOK, r.Header.Get("Cookie"), headers("Cache-Control: private, max-age=10")
		}
		return g
	}
	inBubble(t, "but what is private is for one", func(t *testing.T) {
		g := private(t, 0)
		before := time.Now()
		assert.Equal(t, []string{"u0", "u1", "u2"}, g.requestAtOnce(3))
		assert.Less(t, time.Since(before), 2*time.Second+time.Millisecond, "they wait once")
		before = time.Now()
		assert.Equal(t, []string{"u0", "u1", "u2"}, g.requestAtOnce(3))
		assert.Less(t, time.Since(before), time.Second+time.Millisecond, "and then never again: hit for miss")
		time.Sleep(uncacheableFor)
		before = time.Now()
		g.requestAtOnce(3)
		assert.Greater(t, time.Since(before), 2*time.Second, "until that is forgotten")
	})
	inBubble(t, "unless that is looked at too late", func(t *testing.T) {
		assert.Equal(t, []string{"u0", "u0", "u0"}, private(t, CoalescePrivate).requestAtOnce(3))
	})
}

func TestPurge(t *testing.T) {
	inBubble(t, "hard", func(t *testing.T) {
		g := newFixture(t, rules{}, "max-age=10")
		g.want("1", "", "fwd=miss")
		g.edge.purge("/other", false)
		g.want("1", "", "hit")
		g.edge.purge("/k", false)
		g.want("2", "", "fwd=miss")
		assert.Empty(t, g.asked[1].Header.Get("If-None-Match"))
		g.edge.purge("/*", false)
		g.want("3", "", "fwd=miss")
	})
	for _, path := range []string{"/k", "/*"} {
		inBubble(t, "soft "+path, func(t *testing.T) {
			g := newFixture(t, rules{}, "max-age=10")
			g.want("1", "", "fwd=miss")
			g.edge.purge(path, true)
			g.want("2", "", "fwd=stale")
			assert.Equal(t, `"1"`, g.asked[1].Header.Get("If-None-Match"))
		})
	}
	late := func(t *testing.T, bugs Bug) *fixture {
		g := newFixture(t, rules{bugs: bugs}, "max-age=10")
		g.takes = time.Second
		go g.want("1", "1", "fwd=miss")
		time.Sleep(100 * time.Millisecond)
		g.edge.purge("/k", false)
		return g
	}
	inBubble(t, "while a load is under way: it is not stored, and no request joins it", func(t *testing.T) {
		g := late(t, 0)
		g.want("2", "1", "fwd=miss")
		g.want("2", "1", "hit")
	})
	inBubble(t, "without an epoch it is", func(t *testing.T) {
		g := late(t, NoEpoch)
		g.want("1", "1", "fwd=miss; collapsed")
		g.want("1", "1", "hit")
	})
}

func TestServedBy(t *testing.T) {
	for _, x := range []struct {
		status, from string
		joined       bool
	}{
		{"", "", false},
		{"shield/n2; fwd=miss; ttl=9, pop/n3; fwd=miss; ttl=9", "", false},
		{"shield/n2; hit; ttl=9, pop/n3; fwd=miss; collapsed; ttl=9", "shield/n2", true},
		{"shield/n2; fwd=miss; collapsed; ttl=9, pop/n3; hit; ttl=3", "pop/n3", false},
	} {
		from, joined := servedBy(headers("Cache-Status: " + x.status))
		assert.Equal(t, x.from, from, x.status)
		assert.Equal(t, x.joined, joined, x.status)
	}
}
