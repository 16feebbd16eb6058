package cdn

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// noon is when the answers of these tests are asked for.
var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// headers makes headers of lines such as "Age: 3".
func headers(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return h
}

func get(lines ...string) *http.Request {
	r, _ := http.NewRequest(http.MethodGet, "http://n1/k", nil)
	r.Header = headers(lines...)
	return r
}

func dated(after time.Duration) string { return "Date: " + noon.Add(after).Format(http.TimeFormat) }

func TestDirectives(t *testing.T) {
	d := parseDirectives(headers(`Cache-Control: Max-Age=5, private="set-cookie, x-a"`, `Cache-Control: no-cache,max-age=9, stale-if-error="7", s-maxage=-1`))
	assert.Equal(t, directives{"max-age": "5", "private": "set-cookie, x-a", "no-cache": "", "stale-if-error": "7", "s-maxage": "-1"}, d)
	for name, want := range map[string]time.Duration{"max-age": 5 * time.Second, "stale-if-error": 7 * time.Second, "s-maxage": 0, "no-cache": 0} {
		got, ok := d.seconds(name)
		assert.True(t, ok, name)
		assert.Equal(t, want, got, name)
	}
	_, ok := d.seconds("stale-while-revalidate")
	assert.False(t, ok)
}

func TestETags(t *testing.T) {
	assert.True(t, hasETag(`"1", W/"2"`, `"2"`))
	assert.True(t, hasETag(`*`, `"2"`))
	assert.False(t, hasETag(`"1,2"`, `"2"`))
	assert.False(t, hasETag(``, `"2"`))
	assert.False(t, hasETag(`"1"`, ``))
}

// TestLifetime is RFC 9111, §4.2.1.
func TestLifetime(t *testing.T) {
	shared, private := rules{}, rules{Cache: Cache{Private: true}}
	for _, x := range []struct {
		what  string
		rules rules
		lines []string
		want  time.Duration
	}{
		{"max-age", shared, []string{"Cache-Control: max-age=60"}, time.Minute},
		{"s-maxage goes first", shared, []string{"Cache-Control: max-age=60, s-maxage=5"}, 5 * time.Second},
		{"but not in a browser", private, []string{"Cache-Control: max-age=60, s-maxage=5"}, time.Minute},
		{"max-age goes before Expires", shared, []string{"Cache-Control: max-age=60", dated(0), "Expires: 0"}, time.Minute},
		{"Expires counts from Date", shared, []string{dated(time.Second), dated(time.Minute)}, 0},
		{"Expires", shared, []string{dated(-time.Minute), "Expires: " + noon.Format(http.TimeFormat)}, time.Minute},
		{"Expires in the past", shared, []string{dated(time.Minute), "Expires: " + noon.Format(http.TimeFormat)}, 0},
		{"an Expires that is no time", shared, []string{dated(0), "Expires: 0"}, 0},
		{"nonsense", shared, []string{"Cache-Control: max-age=soon"}, 0},
		{"the first of two", shared, []string{"Cache-Control: max-age=1, max-age=2"}, time.Second},
		{"nothing", shared, []string{dated(0), "Last-Modified: " + noon.Format(http.TimeFormat)}, 0},
		{"what is set up goes before all", rules{Cache: Cache{TTL: time.Hour}}, []string{"Cache-Control: max-age=60, s-maxage=5"}, time.Hour},
	} {
		s := x.rules.judge(get(), reply{status: http.StatusOK, header: headers(x.lines...)}, noon, noon)
		assert.Equal(t, x.want, s.life, x.what)
	}
}

// TestAge is RFC 9111, §4.2.3.
func TestAge(t *testing.T) {
	for _, x := range []struct {
		what         string
		lines        []string
		stated, took time.Duration
		want         time.Duration
	}{
		{"what it took counts", nil, 0, 3 * time.Second, 3 * time.Second},
		{"on top of what it was", []string{dated(time.Second)}, 20 * time.Second, 3 * time.Second, 23 * time.Second},
		{"by its Date it is older", []string{dated(-time.Minute)}, 20 * time.Second, 3 * time.Second, 63 * time.Second},
		{"a Date in the future does not make it younger", []string{dated(time.Minute)}, 20 * time.Second, 0, 20 * time.Second},
	} {
		p := reply{status: http.StatusOK, header: headers(x.lines...), age: x.stated}
		s := rules{}.judge(get(), p, noon, noon.Add(x.took))
		assert.Equal(t, x.want, s.age, x.what)
		assert.Equal(t, x.want+time.Minute, s.ageAt(noon.Add(x.took+time.Minute)), x.what)
		s = rules{bugs: IgnoreAge}.judge(get(), p, noon, noon.Add(x.took))
		assert.Zero(t, s.age, x.what)
	}
}

// TestStorable is RFC 9111, §3.
func TestStorable(t *testing.T) {
	const fresh = "Cache-Control: max-age=60"
	shared, private := rules{}, rules{Cache: Cache{Private: true}}
	for _, x := range []struct {
		what   string
		rules  rules
		ask    []string
		status int
		lines  []string
		want   bool
	}{
		{"what has a lifetime", shared, nil, 200, []string{fresh}, true},
		{"what can be validated", shared, nil, 200, []string{`Etag: "1"`}, true},
		{"what is of no use", shared, nil, 200, nil, false},
		{"what is not there", shared, nil, 404, []string{fresh}, true},
		{"an error", shared, nil, 500, []string{fresh}, false},
		{"an answer that is not stored by default", shared, nil, 302, []string{fresh}, false},
		{"no-store", shared, nil, 200, []string{fresh, "Cache-Control: no-store"}, false},
		{"no-store of the request", shared, []string{"Cache-Control: no-store"}, 200, []string{fresh}, false},
		{"private", shared, nil, 200, []string{"Cache-Control: private, max-age=60"}, false},
		{"private, in a browser", private, nil, 200, []string{"Cache-Control: private, max-age=60"}, true},
		{"private, by mistake", rules{bugs: StorePrivate}, nil, 200, []string{"Cache-Control: private, max-age=60"}, true},
		{"a login", shared, []string{"Authorization: ann"}, 200, []string{fresh}, false},
		{"a login, in a browser", private, []string{"Authorization: ann"}, 200, []string{fresh}, true},
		{"a login, for all", shared, []string{"Authorization: ann"}, 200, []string{"Cache-Control: public, max-age=60"}, true},
		{"a login, for shared caches", shared, []string{"Authorization: ann"}, 200, []string{"Cache-Control: s-maxage=60"}, true},
		{"what depends on anything", shared, nil, 200, []string{fresh, "Vary: *"}, false},
	} {
		r := get(x.ask...)
		s := x.rules.judge(r, reply{status: x.status, header: headers(x.lines...)}, noon, noon)
		assert.Equal(t, x.want, x.rules.storable(r, s), x.what)
	}
	post := get()
	post.Method = http.MethodPost
	assert.False(t, shared.storable(post, shared.judge(post, reply{status: 200, header: headers(fresh)}, noon, noon)))
}

// TestStale is RFC 9111, §4.2.4, and RFC 5861: of an answer that is fresh for ten seconds.
func TestStale(t *testing.T) {
	const swr, sie = "stale-while-revalidate", "stale-if-error"
	for _, x := range []struct {
		control   string
		allowance string
		after     time.Duration // since it arrived
		purged    time.Duration // since it arrived; 0 if it was not
		fresh, ok bool
	}{
		{"max-age=10", swr, 9 * time.Second, 0, true, false},
		{"max-age=10", swr, 10 * time.Second, 0, false, false},
		{"max-age=10, no-cache", swr, time.Second, 0, false, false},
		{"max-age=10, stale-while-revalidate=5", swr, 15 * time.Second, 0, false, true},
		{"max-age=10, stale-while-revalidate=5", swr, 16 * time.Second, 0, false, false},
		{"max-age=10, stale-while-revalidate=5", sie, 15 * time.Second, 0, false, false},
		{"max-age=10, stale-if-error=5", sie, 15 * time.Second, 0, false, true},
		{"max-age=10, stale-if-error=5", sie, 16 * time.Second, 0, false, false},
		{"s-maxage=10, stale-while-revalidate=5", swr, 15 * time.Second, 0, false, true},
		{"max-age=10, must-revalidate, stale-if-error=5", sie, 15 * time.Second, 0, false, false},
		{"max-age=10, proxy-revalidate, stale-if-error=5", sie, 15 * time.Second, 0, false, false},
		{"max-age=10, no-cache, stale-if-error=5", sie, 15 * time.Second, 0, false, false},
		{"max-age=10", swr, 3 * time.Second, 3 * time.Second, false, false},
		{"max-age=10, stale-while-revalidate=5", swr, 3 * time.Second, 3 * time.Second, false, true},
		{"max-age=10, stale-while-revalidate=5", swr, 8 * time.Second, 3 * time.Second, false, true},
		{"max-age=10, stale-while-revalidate=5", swr, 9 * time.Second, 3 * time.Second, false, false},
	} {
		s := rules{}.judge(get(), reply{status: 200, header: headers("Cache-Control: " + x.control)}, noon, noon)
		if x.purged > 0 {
			s.purged = noon.Add(x.purged)
		}
		now := noon.Add(x.after)
		assert.Equal(t, x.fresh, s.fresh(now), "%s, after %s", x.control, x.after)
		assert.Equal(t, x.ok, s.mayBeStale(now, x.allowance), "%s, %s after %s", x.control, x.allowance, x.after)
	}
}

// TestVary is RFC 9111, §4.1.
func TestVary(t *testing.T) {
	for _, x := range []struct {
		rules rules
		vary  string
		other []string
		want  bool
	}{
		{rules{}, "", []string{"Cookie: user=bob"}, true},
		{rules{}, "Vary: cookie", []string{"Cookie: user=ann"}, true},
		{rules{}, "Vary: Cookie", []string{"Cookie: user=bob"}, false},
		{rules{}, "Vary: Cookie", nil, false},
		{rules{}, "Vary: Accept, Cookie", []string{"Cookie: user=ann", "Accept: x"}, false},
		{rules{}, "Vary: *", []string{"Cookie: user=ann"}, false},
		{rules{bugs: IgnoreVary}, "Vary: Cookie", []string{"Cookie: user=bob"}, true},
		{rules{Cache: Cache{KeyBy: []string{"Cookie"}}}, "", []string{"Cookie: user=bob"}, false},
	} {
		s := x.rules.judge(get("Cookie: user=ann"), reply{status: 200, header: headers(x.vary)}, noon, noon)
		assert.Equal(t, x.want, s.depends.matches(get(x.other...)), "%s, then %v", x.vary, x.other)
	}
}

// TestFreshen is RFC 9111, §4.3.4: a 304 is about the answer that has its tag, and no other.
func TestFreshen(t *testing.T) {
	s := rules{}.judge(get(), reply{status: 200, header: headers(`Etag: "1"`, dated(0), "X: old"), body: []byte("one")}, noon, noon)
	p, ok := s.freshen(reply{status: 304, header: headers(`Etag: "1"`, dated(time.Minute)), age: time.Second})
	assert.True(t, ok)
	assert.Equal(t, reply{status: 200, header: headers(`Etag: "1"`, dated(time.Minute), "X: old"), body: []byte("one"), age: time.Second}, p)
	_, ok = s.freshen(reply{status: 304, header: headers(`Etag: "2"`)})
	assert.False(t, ok)
	assert.Equal(t, headers(`Etag: "1"`, dated(0), "X: old"), s.header, "what is stored is not changed")
}
