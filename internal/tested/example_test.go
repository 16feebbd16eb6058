package tested_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/tested"
)

func Example() {
	for _, r := range tested.Rows(tested.Counts{
		OK: 5744, Info: 48, Fail: 81, Overlapped: 1500, Faults: map[string]int{"partition leaders": 6}, LeaderChanges: 6, Sent: 63433, Cut: 744,
		Effects: []tested.Effect{{Fault: "partition", What: "messages cut", Count: 744}},
	}) {
		fmt.Printf("%v %q %q\n", r.OK, r.What, r.Note)
	}
	// Output:
	// true "5,873 calls" "5,744 ok, 48 indeterminate, 81 failed; 1,500 overlapped a fault"
	// true "6 faults" "6 partitions"
	// true "744 of 63,433 messages lost" "744 cut, 0 by chance, 0 to hosts that were down"
	// true "6 leader changes" ""
	// false "not tested" "crashes"
}
