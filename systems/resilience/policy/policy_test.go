package policy_test

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/policy"
)

// TestBreakers has each breaker open at its share of failures, refuse while it is open, and close when a trial succeeds.
func TestBreakers(t *testing.T) {
	b := policy.Breaker{Share: 0.5, Least: 10, Within: 10 * time.Second, Open: 5 * time.Second}
	for name, p := range map[string]policy.Policy{"failsafe-go": policy.FailsafeBreaker(b), "gobreaker": policy.GoBreaker(b)} {
		t.Run(name, func(t *testing.T) {
			onHost(t, func(h *cluster.Host) {
				status := 200
				next := &scripted{answer: func(int) (int, time.Duration) { return status, 0 }}
				rt := p(h, next)
				asked := func(n int) int {
					before := len(next.at)
					for id := range n {
						_, _ = ask(context.Background(), t, rt, id)
					}
					return len(next.at) - before
				}
				assert.Equal(t, 6, asked(6))
				status = 500
				assert.Equal(t, 6, asked(20), "half of 12 failed")
				_, err := ask(context.Background(), t, rt, 1)
				require.Error(t, err)
				time.Sleep(b.Open + time.Millisecond)
				assert.Equal(t, 1, asked(20), "the trial failed")
				time.Sleep(b.Open + time.Millisecond)
				status = 200
				assert.Equal(t, 20, asked(20), "the trial succeeded")
			})
		})
	}
}

// TestPerNode has a breaker for each host that is asked.
func TestPerNode(t *testing.T) {
	onHost(t, func(h *cluster.Host) {
		broken := roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "n2" {
				return nil, errBroken
			}
			return (&scripted{answer: always(200)}).RoundTrip(r)
		})
		rt := policy.PerNode(policy.GoBreaker(policy.Breaker{Share: 0.5, Least: 2, Within: time.Minute, Open: time.Minute}))(h, broken)
		for range 5 {
			for _, host := range []string{"n2", "n3"} {
				r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+host+"/", nil)
				require.NoError(t, err)
				answer, err := rt.RoundTrip(r)
				require.Equal(t, host == "n3", err == nil)
				if err == nil {
					require.NoError(t, answer.Body.Close())
				}
			}
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestTimeouts has both timeouts end a try after a second.
func TestTimeouts(t *testing.T) {
	for name, p := range map[string]policy.Policy{"host": policy.Timeout(time.Second), "failsafe-go": policy.FailsafeTimeout(time.Second)} {
		onHost(t, func(h *cluster.Host) {
			begin := time.Now()
			_, err := ask(context.Background(), t, p(h, &scripted{answer: func(int) (int, time.Duration) { return 200, time.Minute }}), 1)
			require.Error(t, err, name)
			assert.InDelta(t, time.Second, time.Since(begin), float64(time.Microsecond), name)
		})
	}
}

// TestHedge has the second try answer when the first is slow, and a failure of one not be taken for the answer.
func TestHedge(t *testing.T) {
	p := policy.FailsafeHedge(policy.Hedge{After: 50 * time.Millisecond})
	for _, c := range []struct {
		first, second time.Duration // that a try takes
		status        int           // of the second
		took          time.Duration
		tries         int
	}{
		{20 * time.Millisecond, 0, 200, 20 * time.Millisecond, 1},
		{time.Second, 20 * time.Millisecond, 200, 70 * time.Millisecond, 2},
		{time.Second, 20 * time.Millisecond, 500, time.Second, 2},
		{60 * time.Millisecond, time.Second, 200, 60 * time.Millisecond, 2},
	} {
		onHost(t, func(h *cluster.Host) {
			next := &scripted{answer: func(i int) (int, time.Duration) {
				return []int{200, c.status}[i], []time.Duration{c.first, c.second}[i]
			}}
			begin := time.Now()
			status, err := ask(context.Background(), t, p(h, next), 1)
			require.NoError(t, err)
			assert.Equal(t, 200, status)
			assert.Equal(t, c.took, time.Since(begin))
			assert.Equal(t, c.tries, next.tries())
		})
	}
}

// TestLimits has the bulkhead and the semaphore let so many through at a time, and the rate limit so many a second.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name string
		p    policy.Policy
		ok   int // of 20 at once, each of which takes 100 ms
		took time.Duration
	}{
		{"bulkhead", policy.FailsafeBulkhead(5), 5, 100 * time.Millisecond},
		{"semaphore", policy.Semaphore(5), 20, 400 * time.Millisecond},
		{"rate limit", policy.RateLimit(10, 3), 3, 100 * time.Millisecond},
		{"adaptive limit", policy.FailsafeLimiter(1, 100, 4), 4, 100 * time.Millisecond},
	} {
		onHost(t, func(h *cluster.Host) {
			rt := c.p(h, &scripted{answer: func(int) (int, time.Duration) { return 200, 100 * time.Millisecond }})
			begin, ok := time.Now(), 0
			var mu sync.Mutex
			var all sync.WaitGroup
			for id := range 20 {
				all.Go(func() {
					if _, err := ask(context.Background(), t, rt, id); err == nil {
						mu.Lock()
						ok++
						mu.Unlock()
					}
				})
			}
			all.Wait()
			assert.Equal(t, c.ok, ok, c.name)
			assert.InDelta(t, c.took, time.Since(begin), float64(5*time.Millisecond), c.name)
		})
	}
}

// TestChain has the first policy be the outermost.
func TestChain(t *testing.T) {
	slow := func(int) (int, time.Duration) { return 200, time.Minute }
	onHost(t, func(h *cluster.Host) {
		each, all := &scripted{answer: slow}, &scripted{answer: slow}
		_, err := ask(context.Background(), t, policy.Chain(policy.AvastRetry(threeTries), policy.Timeout(time.Second))(h, each), 1)
		require.Error(t, err)
		_, err = ask(context.Background(), t, policy.Chain(policy.Timeout(time.Second), policy.AvastRetry(threeTries))(h, all), 1)
		require.Error(t, err)
		assert.Equal(t, []int{3, 1}, []int{len(each.at), len(all.at)})
	})
}

// TestWhole has a body that breaks off be an error of its try, which is then made again.
func TestWhole(t *testing.T) {
	onHost(t, func(h *cluster.Host) {
		tries := 0
		next := roundTrip(func(r *http.Request) (*http.Response, error) {
			answer, err := (&scripted{answer: always(200)}).RoundTrip(r)
			if tries++; tries == 1 {
				answer.Body = io.NopCloser(iotest.ErrReader(errBroken))
			}
			return answer, err
		})
		status, err := ask(context.Background(), t, policy.FailsafeRetry(threeTries)(h, policy.Whole(next)), 1)
		require.NoError(t, err)
		assert.Equal(t, []int{200, 2}, []int{status, tries})
	})
}
