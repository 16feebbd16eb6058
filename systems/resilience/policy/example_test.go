package policy_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/policy"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A service fails twice, and a client that tries three times gets its answer.
func Example() {
	asked := 0
	service := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
		return web.Serve(ctx, h, ":80", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if asked++; asked < 3 {
				http.Error(w, "not yet", http.StatusServiceUnavailable)
			}
		}))
	})
	synctest.Test(new(testing.T), func(*testing.T) {
		c, err := cluster.New(cluster.Config{System: service, Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		if err == nil {
			err = c.Start()
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		c.Sleep(context.Background(), time.Second)
		h, transport := c.Client(0), web.Transport(c.Client(0))
		retry := policy.AvastRetry(policy.Retry{Attempts: 3, Backoff: policy.Backoff{Base: 50 * time.Millisecond}})
		rt := policy.Chain(retry, policy.Timeout(time.Second))(h, policy.Whole(transport))
		answer, _, err := web.Get(context.Background(), rt, "http://n1/")
		fmt.Println(answer, err, "after", asked, "tries")
		transport.CloseIdleConnections()
		c.Stop(time.Second)
	})
	// Output: 200 from n1 <nil> after 3 tries
}
