package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A Policy wraps the transport of a host. It makes its state, such as a breaker, anew for each life of a host.
type Policy func(h *cluster.Host, next http.RoundTripper) http.RoundTripper

// Chain returns the policies as one. The first one is the outermost: Chain(retry, timeout) limits each try.
func Chain(policies ...Policy) Policy {
	return func(h *cluster.Host, next http.RoundTripper) http.RoundTripper {
		for i := len(policies) - 1; i >= 0; i-- {
			next = policies[i](h, next)
		}
		return next
	}
}

// None is the policy of a client that does nothing about failures.
func None(_ *cluster.Host, next http.RoundTripper) http.RoundTripper { return next }

// PerNode returns p with a state of its own for each host that is asked: a breaker for each shard, in place of one for the service.
func PerNode(p Policy) Policy {
	return func(h *cluster.Host, next http.RoundTripper) http.RoundTripper {
		var mu sync.Mutex
		nodes := map[string]http.RoundTripper{}
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			rt, ok := nodes[r.URL.Host]
			if !ok {
				rt = p(h, next)
				nodes[r.URL.Host] = rt
			}
			mu.Unlock()
			return rt.RoundTrip(r)
		})
	}
}

// Timeout ends a round trip after d by the clock of the host, with a deadline that can be propagated ([web.Propagate]).
func Timeout(d time.Duration) Policy {
	return func(h *cluster.Host, next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			ctx, cancel := h.WithTimeout(r.Context(), d)
			defer cancel()
			return next.RoundTrip(r.WithContext(ctx))
		})
	}
}

// A roundTripper is a function as a transport.
type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Whole returns next with the body of each answer read to its end before the answer is passed on. So a policy sees
// a body that breaks off as the failure that it is, and an answer that a policy drops holds no connection.
func Whole(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		answer, err := next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(answer.Body)
		if err = errors.Join(err, answer.Body.Close()); err != nil {
			return nil, fmt.Errorf("policy: read the answer of %s: %w", r.URL.Host, err)
		}
		answer.Body = io.NopCloser(bytes.NewReader(body))
		return answer, nil
	})
}

// failure returns the error that an answer stands for as policies see it: any error, and a status that says that the server failed.
func failure(answer *http.Response, err error) error {
	if err == nil && answer.StatusCode >= 500 {
		return statusError{answer}
	}
	return err
}

// A statusError is an answer that says that the server failed, for libraries that look at errors only.
type statusError struct{ answer *http.Response }

// Error returns the status.
func (e statusError) Error() string { return e.answer.Status }

// unpacked returns the answer that an error stands for, if it is one.
func unpacked(answer *http.Response, err error) (*http.Response, error) {
	var status statusError
	if errors.As(err, &status) {
		return status.answer, nil
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
}
