// Package dies has tests for hunts: of one the process ends in the middle of some seeds, another has two Runs.
package dies

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/examples/quickstart"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/workloads"
)

func test(store quickstart.Store) capsize.Test {
	return capsize.Test{
		System: store, Workload: workloads.Register(store.Open), Nodes: 3, Clients: 3, Rate: 50,
		Nemesis: nemesis.Every(time.Second, nemesis.Partitions()), Duration: 3 * time.Second, Settle: time.Second,
	}
}

func TestDies(t *testing.T) {
	one := test(quickstart.Store{FromLeader: true})
	one.Metrics = func(r *capsize.Result) []report.Metric {
		if r.Seed%4 == 0 {
			fmt.Println("goodbye from seed", r.Seed)
			os.Exit(9)
		}
		return nil
	}
	capsize.Run(t, one)
}

func TestTwo(t *testing.T) {
	one := test(quickstart.Store{FromLeader: true})
	capsize.Run(t, one)
	two := test(quickstart.Store{})
	two.Name = "naive"
	capsize.Run(t, two)
}

// TestOther has no run of Capsize.
func TestOther(t *testing.T) { t.Skip("there is nothing to do") }
