package cdn

import (
	"net/http"
	"slices"
	"time"
)

// A Cache is the configuration of a cache. The zero Cache is a shared one by RFC 9111.
type Cache struct {
	Private bool          // it serves one user, as that of a browser does
	TTL     time.Duration // overrides the lifetime of responses
	NoStale bool          // it never serves a stale response: for a shield, whose responses other caches keep
	KeyBy   []string      // headers of the request that are part of the key, beside those that Vary names
	Keep    int           // how many URLs it keeps, those that were used last; default 1024
}

// rules are those of RFC 9111 for one cache.
type rules struct {
	Cache
	bugs Bug
}

// judge returns a response with its age, its lifetime and what it depends on, by the rules of the cache.
func (c rules) judge(r *http.Request, p reply, asked, now time.Time) *stored {
	s := &stored{reply: p, control: parseDirectives(p.header), at: now, depends: c.dependsOn(r, p)}
	s.life = c.lifetime(s)
	if c.bugs&IgnoreAge == 0 {
		s.age = initialAge(p, asked, now)
	}
	return s
}

// initialAge returns a lower bound of the age of a response when it arrived: §4.2.3. Date has whole seconds, rounded down,
// so that an age is overstated by up to one.
func initialAge(p reply, asked, now time.Time) time.Duration {
	age := p.age + now.Sub(asked)
	if date, err := http.ParseTime(p.header.Get("Date")); err == nil {
		age = max(age, now.Sub(date))
	}
	return age
}

// lifetime returns how old a response may be: §4.2.1. Without a directive it is zero: there is no heuristic.
func (c rules) lifetime(s *stored) time.Duration {
	if c.TTL > 0 {
		return c.TTL
	}
	if d, ok := s.control.seconds("s-maxage"); ok && !c.Private {
		return d
	}
	if d, ok := s.control.seconds("max-age"); ok {
		return d
	}
	expires, err1 := http.ParseTime(s.header.Get("Expires"))
	date, err2 := http.ParseTime(s.header.Get("Date"))
	if err1 != nil || err2 != nil {
		return 0
	}
	return max(0, expires.Sub(date))
}

// cacheable are the final status codes that are cacheable by default: RFC 9110, §15.1.
var cacheable = []int{200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501}

// storable reports whether the cache may store a response to r: §3. The response also needs a lifetime or an entity tag,
// since else it can't be used.
func (c rules) storable(r *http.Request, s *stored) bool {
	switch {
	case r.Method != http.MethodGet, !slices.Contains(cacheable, s.status):
		return false
	case parseDirectives(r.Header).has("no-store"), slices.Contains(s.depends.names, anything):
		return false
	case c.bugs&StorePrivate != 0 && !c.Private:
		return true
	case s.control.has("no-store"), s.control.has("private") && !c.Private:
		return false
	case r.Header.Get("Authorization") != "" && !c.Private && !s.control.has("public", "s-maxage", "must-revalidate"): // §3.5
		return false
	}
	return s.life > 0 || s.header.Get("Etag") != ""
}

// dependsOn returns what a response depends on, by the rules of the cache: §4.1.
func (c rules) dependsOn(r *http.Request, p reply) vary {
	v := vary{names: slices.Clone(c.KeyBy)}
	if c.bugs&IgnoreVary == 0 {
		v.names = append(v.names, varyOf(p)...)
	}
	slices.Sort(v.names)
	v.values = valuesOf(r, v.names)
	return v
}
