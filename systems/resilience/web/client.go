package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// Transport returns a transport of net/http that dials by the host, with kept connections as net/http has them by default.
func Transport(h *cluster.Host) *http.Transport { return &http.Transport{DialContext: h.DialContext} }

// Recorded returns next with each round trip recorded as an attempt, from when it is begun until the body of the answer has been read or
// closed. It belongs below all that retries or refuses, and tells the next service which call it works for.
func Recorded(h *cluster.Host, next http.RoundTripper) http.RoundTripper { return recorded{h, next} }

type recorded struct {
	h    *cluster.Host
	next http.RoundTripper
}

// RoundTrip makes one attempt.
func (t recorded) RoundTrip(r *http.Request) (*http.Response, error) {
	c := Of(r.Context())
	in := model.RequestOp{F: "attempt", ID: c.ID, Route: c.Route, At: r.URL.Hostname(), By: t.h.Name(), Depth: c.Depth + 1, Try: int(c.tries.Add(1))}
	span := t.h.Begin(in)
	answer, err := t.next.RoundTrip(mark(r, c))
	if err != nil {
		span.End(nil, err)
		return nil, err
	}
	out := model.Answer{Code: answer.StatusCode, From: in.At}
	answer.Body = &recordedBody{ReadCloser: answer.Body, end: func(err error) { span.End(out, cmp.Or(statusError(answer.StatusCode), err)) }}
	return answer, nil
}

// A recordedBody ends an attempt when it has been read, or is closed.
type recordedBody struct {
	io.ReadCloser
	once sync.Once
	end  func(error)
}

// Read reads on.
func (b *recordedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.once.Do(func() {
			if errors.Is(err, io.EOF) {
				b.end(nil)
			} else {
				b.end(err)
			}
		})
	}
	return n, err
}

// Close closes the body. An attempt whose answer is not read to its end was given up there.
func (b *recordedBody) Close() error {
	b.once.Do(func() { b.end(nil) })
	return b.ReadCloser.Close()
}

// Propagate returns next with the deadline of the ctx sent to the next service, whose work ends by then: see [Handle].
func Propagate(h *cluster.Host, next http.RoundTripper) http.RoundTripper {
	return propagating{h, next}
}

type propagating struct {
	h    *cluster.Host
	next http.RoundTripper
}

// RoundTrip sends the deadline with the request, if it has one.
func (t propagating) RoundTrip(r *http.Request) (*http.Response, error) {
	if at, ok := r.Context().Deadline(); ok {
		deadline := t.h.Clock().Monotonic() + at.Sub(t.h.Clock().Now())
		r = r.Clone(r.Context())
		r.Header.Set(headerDeadline, strconv.FormatInt(int64(deadline), 10))
	}
	return t.next.RoundTrip(r)
}

// Until returns a ctx that ends at an instant of the run, as the deadline of a request is; 0 for none.
func Until(ctx context.Context, h *cluster.Host, deadline time.Duration) (context.Context, context.CancelFunc) {
	if deadline == 0 {
		return ctx, func() {}
	}
	return h.WithTimeout(ctx, deadline-h.Clock().Monotonic())
}

// Get asks a service of the call in ctx, through rt, and reads the answer whole. An answer with a status that
// is no success is an error as well.
func Get(ctx context.Context, rt http.RoundTripper, url string) (model.Answer, []byte, error) {
	return Do(ctx, rt, http.MethodGet, url, nil)
}

// Do is [Get] with any method and body.
func Do(ctx context.Context, rt http.RoundTripper, method, url string, body io.Reader) (model.Answer, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return model.Answer{}, nil, fmt.Errorf("web: ask %s: %w", url, err)
	}
	answer, err := rt.RoundTrip(r)
	if err != nil {
		return model.Answer{}, nil, err
	}
	b, err := io.ReadAll(answer.Body)
	err = cmp.Or(err, answer.Body.Close(), statusError(answer.StatusCode))
	return model.Answer{Code: answer.StatusCode, From: r.URL.Hostname()}, b, err
}
