package rows_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/rows"
)

// A node gives a row a version in each of its lives.
func Example() {
	node := func(ctx context.Context, h *cluster.Host) error {
		t, err := rows.Open(h)
		if err != nil {
			return err
		}
		h.Handle(func(m cluster.Message) {
			t.Wake()
			m.Reply(t.Next(m.Body.(string)).Version)
		})
		<-ctx.Done()
		return nil
	}
	synctest.Test(new(testing.T), func(*testing.T) {
		c, err := cluster.New(cluster.Config{System: cluster.Func(node), Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		if err == nil {
			err = c.Start()
		}
		ctx := context.Background()
		for range 2 {
			c.Sleep(ctx, time.Second)
			version, err := cluster.Ask[int](ctx, c.Client(0), "n1", "page")
			fmt.Println(version, err)
			c.Crash("n1")
			c.Restart("n1")
		}
		c.Stop(time.Second)
		fmt.Println(err)
	})
	// Output:
	// 1 <nil>
	// 2 <nil>
	// <nil>
}
