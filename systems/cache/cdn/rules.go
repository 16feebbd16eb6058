package cdn

import (
	"net/http"
	"slices"
	"time"
)

// A Cache is how a cache is set up. The zero Cache is a shared one that does as RFC 9111 says.
type Cache struct {
	Private bool          // it serves one user, as that of a browser does
	TTL     time.Duration // how old an answer may be, whatever it says of that itself; default what it says
	NoStale bool          // it never serves what is stale: for a shield, whose answers other caches keep
	KeyBy   []string      // headers of the request that it takes answers to depend on, beside those that Vary names
	Keep    int           // how many URLs it remembers, those that were used last; default 1024
}

// rules are those of RFC 9111 for one cache.
type rules struct {
	Cache
	bugs Bug
}

// judge says what an answer is worth to the cache that asked for it.
func (c rules) judge(r *http.Request, p reply, asked, now time.Time) *stored {
	s := &stored{reply: p, control: parseDirectives(p.header), at: now, depends: c.dependsOn(r, p)}
	s.life = c.lifetime(s)
	if c.bugs&IgnoreAge == 0 {
		s.age = initialAge(p, asked, now)
	}
	return s
}

// initialAge returns how old an answer was when it arrived, at least: §4.2.3. Date tells whole seconds, rounded down,
// so that an age is overstated by up to one.
func initialAge(p reply, asked, now time.Time) time.Duration {
	age := p.age + now.Sub(asked)
	if date, err := http.ParseTime(p.header.Get("Date")); err == nil {
		age = max(age, now.Sub(date))
	}
	return age
}

// lifetime returns how old an answer may be: §4.2.1. What does not say so may be of no age at all: there is no heuristic.
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

// cacheable are the final answers that may be stored without being told so: RFC 9110, §15.1.
var cacheable = []int{200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501}

// storable reports whether the cache may store an answer to r: §3. It asks for a lifetime or for what it can be validated
// by as well, since else it is of no use.
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

// dependsOn returns what an answer depends on, as far as the cache cares: §4.1.
func (c rules) dependsOn(r *http.Request, p reply) vary {
	v := vary{names: slices.Clone(c.KeyBy)}
	if c.bugs&IgnoreVary == 0 {
		v.names = append(v.names, varyOf(p)...)
	}
	slices.Sort(v.names)
	v.values = valuesOf(r, v.names)
	return v
}
