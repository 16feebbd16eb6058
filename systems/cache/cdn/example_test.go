package cdn_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/cache/cdn"
	"github.com/capsize-go/capsize/workloads"
)

// A purge that is acknowledged when it is sent leaves what was there at a point of presence that it did not reach.
func Example() {
	stack := cdn.CDN()
	stack.Purge.AckOnSend = true
	test := capsize.Test{
		System:   stack,
		Workload: workloads.Copies(stack.Open, workloads.CacheLoad{}),
		Nemesis:  nemesis.Every(10*time.Second, nemesis.Partitions(nemesis.One)),
		Nodes:    stack.Nodes(),
		Duration: 15 * time.Second,
		Seed:     1,
	}
	r, err := capsize.Exec(context.Background(), new(testing.T), test)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := freshness.Measure(r.History)
	fmt.Println(r.Verdict, m.Stale > 0, m.Age < 31*time.Second, err)
	// Output: invalid true true <nil>
}
