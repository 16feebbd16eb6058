package web

import "net/http"

// Unseen returns next for a client of something that stands between it and a service and is none itself, as a balancer does: it tells
// which call a request belongs to, and counts neither as an attempt nor as a service on the way.
func Unseen(next http.RoundTripper) http.RoundTripper { return unseen{next} }

type unseen struct{ next http.RoundTripper }

// RoundTrip sends a request with its call.
func (t unseen) RoundTrip(r *http.Request) (*http.Response, error) {
	c := Of(r.Context())
	c.Depth--
	return t.next.RoundTrip(mark(r, c))
}
