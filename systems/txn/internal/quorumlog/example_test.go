package quorumlog_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/txn/internal/quorumlog"
)

// Each node of a group applies what the leader proposes.
func ExampleOpen() {
	synctest.Test(new(testing.T), func(*testing.T) {
		g := &group{quorumlog.Options{Announce: true}, map[string]*quorumlog.Log[string]{}, map[string]*list{}}
		c, err := cluster.New(cluster.Config{System: g, Nodes: 3, Seed: 1, Wait: synctest.Wait})
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := c.Start(); err != nil {
			fmt.Println(err)
			return
		}
		c.Sleep(context.Background(), 4*time.Second)
		g.propose(c, "hello")
		for _, n := range c.Nodes() {
			fmt.Println(n, g.lists[n].Words)
		}
		c.Stop(time.Second)
	})
	// Output:
	// n1 [hello]
	// n2 [hello]
	// n3 [hello]
}
