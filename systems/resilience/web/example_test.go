package web_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A service answers on the network of a cluster, and knows which request of a client it works for.
func Example() {
	service := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
		return web.Serve(ctx, h, ":80", web.Handle(h, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "request %d for %s", web.Of(r.Context()).ID, r.URL.Path)
		})))
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
		h := c.Client(0)
		transport := web.Transport(h)
		answer, body, err := web.Get(web.With(context.Background(), web.Call{ID: 17}), web.Recorded(h, transport), "http://n1/buy")
		fmt.Println(answer, string(body), err)
		transport.CloseIdleConnections()
		c.Stop(time.Second)
	})
	// Output: 200 from n1 request 17 for /buy <nil>
}
