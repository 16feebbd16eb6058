package journal_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/journal"
)

// A node counts its lives.
func Example() {
	lives := 0
	node := func(ctx context.Context, h *cluster.Host) error {
		j, records, damaged, err := journal.Open(h, "lives")
		if err != nil || damaged {
			return fmt.Errorf("damaged: %t, %w", damaged, err)
		}
		lives = len(records) + 1
		if err := j.Append([]byte("a life")); err != nil {
			return err
		}
		if err := j.Sync(); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}
	synctest.Test(new(testing.T), func(*testing.T) {
		c, err := cluster.New(cluster.Config{System: cluster.Func(node), Nodes: 1, Clients: 1, Seed: 1, Wait: synctest.Wait})
		if err == nil {
			err = c.Start()
		}
		for range 2 {
			c.Sleep(context.Background(), time.Second)
			c.Crash("n1")
			c.Restart("n1")
		}
		c.Sleep(context.Background(), time.Second)
		c.Stop(time.Second)
		fmt.Println(lives, err)
	})
	// Output: 3 <nil>
}
