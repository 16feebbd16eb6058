package service

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

// newProxy returns a reverse proxy of a server, which tries again.
func newProxy(server string) http.Handler {
	to, err := url.Parse(server)
	if err != nil {
		panic(err) // it is a constant of this package
	}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: retrying{&http.Transport{
			DialContext:           (&net.Dialer{Timeout: attempt}).DialContext,
			ResponseHeaderTimeout: attempt,
		}},
	}
}

const (
	attempt  = 300 * time.Millisecond // how long an attempt waits for an answer
	attempts = 5
)

// retrying is a transport that sends a request again if there was no answer to it.
type retrying struct{ http.RoundTripper }

// RoundTrip sends a request up to so many times.
func (t retrying) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	var body []byte
	if r.Body != nil {
		body, err = io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
	}
	for range attempts {
		again := r.Clone(r.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		if resp, err = t.RoundTripper.RoundTrip(again); err == nil || r.Context().Err() != nil {
			return resp, err
		}
	}
	return nil, fmt.Errorf("%d attempts: %w", attempts, err)
}
