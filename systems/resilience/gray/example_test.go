package gray_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/gray"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A service sends the head of its answer, and then nothing: the client has a status of 200, and no body.
func ExampleHandler() {
	service := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
		return web.Serve(ctx, h, ":80", gray.Handler(ctx, h, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "all is well") })))
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
		ask := func() {
			ctx, cancel := h.WithTimeout(context.Background(), time.Second)
			defer cancel()
			answer, body, err := web.Get(ctx, transport, "http://n1/")
			fmt.Printf("%v, body %q, error %v\n", answer, body, err)
		}
		ask()
		heal := c.Degrade("n1", cluster.HeadersThenStall)
		ask()
		heal()
		ask()
		transport.CloseIdleConnections()
		c.Stop(time.Second)
	})
	// Output:
	// 200 from n1, body "all is well", error <nil>
	// 200 from n1, body "", error context deadline exceeded
	// 200 from n1, body "all is well", error <nil>
}
