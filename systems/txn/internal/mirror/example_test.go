package mirror_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/txn/internal/mirror"
)

// A node finds after a crash what it has written, though a file was damaged.
func Example() {
	node := func(ctx context.Context, h *cluster.Host) error {
		j, _, records, damaged, err := mirror.Open(h, "node")
		if err != nil {
			return err
		}
		for _, r := range records {
			fmt.Print(string(r), " ")
		}
		fmt.Println("damaged:", damaged)
		if err := j.Append([]byte("a"), []byte("b")); err != nil {
			return err
		}
		f, err := h.Disk().Open("node-a")
		if err == nil {
			_, err = f.WriteAt([]byte("nonsense"), 10)
		}
		<-ctx.Done()
		return err
	}
	synctest.Test(new(testing.T), func(*testing.T) {
		c, err := cluster.New(cluster.Config{System: cluster.Func(node), Nodes: 1, Seed: 1, Wait: synctest.Wait})
		if err == nil {
			err = c.Start()
		}
		c.Sleep(context.Background(), time.Second)
		c.Crash("n1")
		c.Restart("n1")
		c.Sleep(context.Background(), time.Second)
		c.Stop(time.Second)
		fmt.Println(err)
	})
	// Output:
	// damaged: false
	// a b damaged: false
	// <nil>
}
