package cdn

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A reply is a response that has arrived completely.
type reply struct {
	status int
	header http.Header
	body   []byte
	age    time.Duration // by its header Age
}

// hop are the headers of one connection, which are not stored: RFC 9111, §3.1. Age is computed again.
var hop = []string{"Connection", "Proxy-Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length", "Age"}

// arrive reads a response to its end.
func arrive(r *http.Response) (reply, error) {
	body, err := io.ReadAll(r.Body)
	if err := errorOf(err, r.Body.Close()); err != nil {
		return reply{}, err
	}
	age, _ := strconv.ParseInt(r.Header.Get("Age"), 10, 32)
	rep := reply{r.StatusCode, r.Header.Clone(), body, time.Duration(max(0, age)) * time.Second}
	for _, name := range hop {
		rep.header.Del(name)
	}
	return rep, nil
}

func errorOf(errs ...error) error {
	i := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if i < 0 {
		return nil
	}
	return errs[i]
}

// conditional returns the response to a request that may have a condition: RFC 9110, §13.1.2.
func (p reply) conditional(r *http.Request) reply {
	if p.status == http.StatusOK && hasETag(r.Header.Get("If-None-Match"), p.header.Get("Etag")) {
		p.status, p.body = http.StatusNotModified, nil
	}
	return p
}

// response returns it as an answer to r.
func (p reply) response(r *http.Request) *http.Response {
	return &http.Response{
		Status: strconv.Itoa(p.status) + " " + http.StatusText(p.status), StatusCode: p.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: p.header, Body: io.NopCloser(bytes.NewReader(p.body)), ContentLength: int64(len(p.body)), Request: r,
	}
}

// failed reports whether a response is one of the errors that stale-if-error is for: RFC 5861, §4.
func (p reply) failed() bool {
	return slices.Contains([]int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, p.status)
}

// A stored reply is a response in a cache.
type stored struct {
	reply
	control directives
	at      time.Time     // when it arrived
	age     time.Duration // how old it was then
	life    time.Duration // how old it may be, counted as age is
	depends vary
	purged  time.Time // when it was purged softly; zero if it was not
}

func (s *stored) ageAt(now time.Time) time.Duration { return s.age + now.Sub(s.at) }

// staleFor returns how long it has been stale, which is not positive while it is fresh.
func (s *stored) staleFor(now time.Time) time.Duration {
	stale := s.ageAt(now) - s.life
	if !s.purged.IsZero() {
		stale = max(stale, now.Sub(s.purged), 1)
	}
	return stale
}

// fresh reports whether a stored response may be used without validation: RFC 9111, §4.2.
func (s *stored) fresh(now time.Time) bool {
	return s.staleFor(now) < 0 && !s.control.has("no-cache")
}

// mayBeStale reports whether a stale response may be used, by an allowance of RFC 5861: stale-while-revalidate or
// stale-if-error. Responses that must be validated may not. By RFC 9111, §5.2.2.10, s-maxage means that too, but an
// allowance beside it overrides that.
func (s *stored) mayBeStale(now time.Time, allowance string) bool {
	d, _ := s.control.seconds(allowance)
	return d > 0 && s.staleFor(now) <= d && !s.control.has("must-revalidate", "proxy-revalidate", "no-cache")
}

// freshen returns the stored response with the headers of a 304: RFC 9111, §4.3.4. The 304 must be about the same
// response; else it says nothing about the stored one.
func (s *stored) freshen(p reply) (reply, bool) {
	if etag := p.header.Get("Etag"); etag != "" && etag != s.header.Get("Etag") {
		return reply{}, false
	}
	fresh := reply{s.status, s.header.Clone(), s.body, p.age}
	for name, values := range p.header { // order: a map is filled from a map
		fresh.header[name] = values
	}
	return fresh, true
}

// vary is what a response depends on: headers of the request, with their values.
type vary struct {
	names  []string
	values string
}

// anything stands for a response that depends on more than the request: it is never reused.
const anything = "*"

func varyOf(p reply) (names []string) {
	for _, name := range splitList(strings.Join(p.header.Values("Vary"), ",")) {
		if name != "" {
			names = append(names, http.CanonicalHeaderKey(name))
		}
	}
	return names
}

func valuesOf(r *http.Request, names []string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString(strings.Join(r.Header.Values(name), ",") + "\n")
	}
	return b.String()
}

// matches reports whether the response may be used for r as well: RFC 9111, §4.1.
func (v vary) matches(r *http.Request) bool {
	return !slices.Contains(v.names, anything) && valuesOf(r, v.names) == v.values
}
