package policy

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A Retry is how often and when a client tries again; the libraries that do so are [FailsafeRetry], [BackoffRetry], [AvastRetry] and [RetryableHTTP].
type Retry struct {
	Attempts int     // tries in all
	Backoff  Backoff // before each but the first
	Budget   Budget  // of this client, for all its requests together
}

// ErrBudget is wrapped by the error of a try that the [Budget] did not allow. The caller gets the answer or the error of the try before it.
var ErrBudget = errors.New("the retry budget is used up")

// A library makes the tries of one request, with t.attempt for each of them and t.delay between them.
type library func(r *http.Request, t *tries) (*http.Response, error)

// policy returns the retries as a library makes them; open makes what the library keeps from request to request.
func (p Retry) policy(open func() library) Policy {
	return func(h *cluster.Host, next http.RoundTripper) http.RoundTripper {
		key := keyed.New(h.Rand().Uint64(), "retry")
		budget, do := p.Budget.open(), open()
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			k := key.With(r.URL.Host).Int(int64(web.Of(r.Context()).ID))
			t := &tries{next: next, budget: budget, delay: p.Backoff.Delays(k)}
			answer, err := unpacked(do(r, t))
			if errors.Is(err, ErrBudget) {
				return t.answer, t.err
			}
			return answer, err
		})
	}
}

// A tries is the tries of one request.
type tries struct {
	next   http.RoundTripper
	budget *tokens
	delay  func() time.Duration // before the next try; to be called once for each

	n      int            // made
	answer *http.Response // of the last one
	err    error          //
}

// RoundTrip makes the next try, if the budget allows it.
func (t *tries) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.n == 0 {
		t.budget.request()
	} else if !t.budget.retry() {
		return nil, fmt.Errorf("policy: try %d of %s: %w", t.n+1, r.URL.Host, ErrBudget)
	}
	t.n++
	t.answer, t.err = t.next.RoundTrip(r)
	return t.answer, t.err
}

// attempt is RoundTrip for libraries that look at errors only: an answer of a server that failed is one.
func (t *tries) attempt(r *http.Request) (*http.Response, error) {
	answer, err := t.RoundTrip(r)
	return answer, failure(answer, err)
}

// again reports whether an error is worth another try.
func again(err error) bool { return !errors.Is(err, ErrBudget) }
