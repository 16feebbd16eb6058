package cluster_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// Two nodes whose link is cut and healed. A test of a cluster runs in a bubble;
// package capsize makes one for each run.
func Example() {
	echo := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
		h.Handle(func(m cluster.Message) { m.Reply(fmt.Sprint(m.Body, ", says ", h.Name())) })
		<-ctx.Done()
		return nil
	})
	ask := func(h *cluster.Host) string {
		ctx, cancel := h.WithTimeout(context.Background(), time.Second)
		defer cancel()
		answer, err := h.Call(ctx, "n2", "hello")
		if err != nil {
			return err.Error()
		}
		return answer.(string)
	}
	bubble(func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: echo, Nodes: 2, Clients: 1, Seed: 1, Wait: synctest.Wait})
		if err != nil {
			panic(err)
		}
		if err := c.Start(); err != nil {
			panic(err)
		}
		defer c.Stop(time.Second)
		c.Sleep(context.Background(), time.Millisecond)

		fmt.Println(ask(c.Client(0)))
		heal := c.As("my fault").Cut("c0", "n2")
		fmt.Println(ask(c.Client(0)))
		heal()
		fmt.Println(ask(c.Client(0)))
		for _, e := range c.Effects() {
			fmt.Printf("%s: %d %s\n", e.Fault, e.Count, e.What)
		}
	})
	// Output:
	// hello, says n2
	// call n2: context deadline exceeded
	// hello, says n2
	// my fault: 1 messages cut
}

// bubble runs f in a bubble of testing/synctest, outside of a test.
func bubble(f func(t *testing.T)) {
	test := []testing.InternalTest{{Name: "bubble", F: func(t *testing.T) { synctest.Test(t, f) }}}
	testing.RunTests(func(_, _ string) (bool, error) { return true, nil }, test)
}
