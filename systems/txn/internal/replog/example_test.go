package replog_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/txn/internal/replog"
)

// A machine keeps the last entry, and answers who asks for it.
type machine struct{ last string }

func (m *machine) Apply(_ uint64, data []byte) { m.last = string(data) }
func (m *machine) Restore(state []byte) error  { m.last = string(state); return nil }
func (m *machine) Elected()                    {}
func (m *machine) Deposed()                    {}

// Three nodes agree on an entry.
func Example() {
	node := func(ctx context.Context, h *cluster.Host) error {
		m := &machine{}
		log, err := replog.Open(h, replog.Config{Group: "example", Machine: m})
		if err != nil {
			return err
		}
		h.Handle(func(msg cluster.Message) {
			if log.Receive(msg) {
				return
			}
			if log.Leads() {
				log.Propose([]byte(msg.Body.(string)))
			}
			msg.Reply(m.last)
		})
		<-ctx.Done()
		return nil
	}
	synctest.Test(new(testing.T), func(*testing.T) {
		c, err := cluster.New(cluster.Config{System: cluster.Func(node), Nodes: 3, Clients: 1, Seed: 1, Wait: synctest.Wait})
		if err == nil {
			err = c.Start()
		}
		ctx := context.Background()
		c.Sleep(ctx, 3*time.Second)
		for _, name := range c.Nodes() { // only the leader has an entry committed
			_, err = cluster.Ask[string](ctx, c.Client(0), name, "hello")
		}
		c.Sleep(ctx, time.Second)
		for _, name := range c.Nodes() {
			last, err := cluster.Ask[string](ctx, c.Client(0), name, "hello")
			fmt.Println(last, err)
		}
		c.Stop(time.Second)
		fmt.Println(err)
	})
	// Output:
	// hello <nil>
	// hello <nil>
	// hello <nil>
	// <nil>
}
