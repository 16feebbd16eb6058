package policy_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/policy"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// onHost runs f on a host of a cluster, on virtual time.
func onHost(t *testing.T, f func(h *cluster.Host)) {
	t.Helper()
	idle := cluster.Func(func(ctx context.Context, _ *cluster.Host) error {
		<-ctx.Done()
		return ctx.Err()
	})
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: idle, Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(context.Background(), time.Second)
		f(c.Client(0))
		c.Stop(time.Second)
	})
}

var errBroken = errors.New("the connection broke")

// A scripted is a transport that answers try i, from 0, with what answer says: a status, or 0 for a broken connection, after a while.
type scripted struct {
	answer func(i int) (status int, after time.Duration)
	mu     sync.Mutex
	at     []time.Time // of each try
}

// RoundTrip makes a try.
func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	i := len(s.at)
	s.at = append(s.at, time.Now())
	s.mu.Unlock()
	status, after := s.answer(i)
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if status == 0 {
		return nil, errBroken
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Body: io.NopCloser(strings.NewReader("body")), Request: r}, nil
}

// tries counts the tries; a hedge that lost may still be under way.
func (s *scripted) tries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.at)
}

// always answers each try alike, at once.
func always(status int) func(int) (int, time.Duration) {
	return func(int) (int, time.Duration) { return status, 0 }
}

// ask makes request number id through rt.
func ask(ctx context.Context, t *testing.T, rt http.RoundTripper, id int) (status int, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(web.With(ctx, web.Call{ID: id}), http.MethodGet, "http://n1/", nil)
	require.NoError(t, err)
	answer, err := rt.RoundTrip(r)
	if err != nil {
		require.Nil(t, answer)
		return 0, err
	}
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode, nil
}

// retries are the libraries that retry.
var retries = map[string]func(policy.Retry) policy.Policy{
	"failsafe-go": policy.FailsafeRetry, "backoff": policy.BackoffRetry, "retry-go": policy.AvastRetry, "retryablehttp": policy.RetryableHTTP,
}
