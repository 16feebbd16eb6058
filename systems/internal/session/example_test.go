package session_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/session"
)

// A node refuses the first two attempts of an operation.
func Example() {
	type ask struct{ Number, Attempt uint64 }
	node := func(ctx context.Context, h *cluster.Host) error {
		h.Handle(func(m cluster.Message) { m.Reply(m.Body.(*ask).Attempt) })
		<-ctx.Done()
		return nil
	}
	synctest.Test(new(testing.T), func(*testing.T) {
		c, err := cluster.New(cluster.Config{System: cluster.Func(node), Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		if err == nil {
			err = c.Start()
		}
		c.Sleep(context.Background(), time.Second)
		s := session.New(c.Client(0), errors.New("no node serves"))
		served, refused := session.Do(context.Background(), s,
			func(number, attempt uint64) *ask { return &ask{number, attempt} },
			func(attempt uint64) session.Fate {
				if attempt < 3 {
					return session.NotDone
				}
				return session.Done
			})
		c.Stop(time.Second)
		fmt.Println(served, refused, err)
	})
	// Output: 3 <nil> <nil>
}
