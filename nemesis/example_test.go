package nemesis_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
)

// A plan is data: it prints as a table, and the same seed gives the same plan.
func ExampleEvery() {
	n := nemesis.Every(10*time.Second, nemesis.Partitions(nemesis.Halves, nemesis.Leader), nemesis.Crashes(nemesis.OneNode))
	fmt.Print(n.Plan(1, 30*time.Second).Table())
	// Output:
	// STEP  AT          FOR        FAULT
	// 1     3.914218s   4.768433s  partition halves/leader
	// 2     14.233639s  3.441215s  partition halves/leader
	// 3     24.072518s  3.910952s  crash one
}

// A plan is kept as JSON, and read back.
func ExamplePlan() {
	plan := nemesis.Sequence(2*time.Second, nemesis.Partitions(nemesis.Bridge), nemesis.Lossy(0.1)).Plan(1, 8*time.Second)
	b, err := json.MarshalIndent(plan, "", "  ")
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(string(b))
	// Output:
	// [
	//   {
	//     "id": 1,
	//     "at": "2s",
	//     "for": "2s",
	//     "fault": {
	//       "kind": "partition",
	//       "shapes": [
	//         "bridge"
	//       ]
	//     }
	//   },
	//   {
	//     "id": 2,
	//     "at": "6s",
	//     "for": "2s",
	//     "fault": {
	//       "kind": "lossy",
	//       "p": 0.1
	//     }
	//   }
	// ]
}

// A fault of one's own: Inject strikes, and returns what heals.
func ExampleNew() {
	deaf := nemesis.New("deaf", func(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
		nodes := c.Nodes()
		victim := nodes[r.IntN(len(nodes))]
		var heals []func()
		for _, from := range c.Hosts() {
			if from != victim {
				heals = append(heals, c.Cut(from, victim))
			}
		}
		return victim + " hears nobody", func() {
			for _, heal := range heals {
				heal()
			}
		}, nil
	})
	fmt.Println(nemesis.At(time.Second, 5*time.Second, deaf))
	// Output: deaf at 1s for 5s
}
