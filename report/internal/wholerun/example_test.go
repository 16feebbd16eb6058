package wholerun_test

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/report/internal/wholerun"
)

// Two calls of a run of ten seconds, and where their marks are.
func ExampleNew() {
	v := wholerun.New(wholerun.Run{To: 10 * time.Second, Calls: []wholerun.Call{
		{At: time.Second, Took: 5 * time.Millisecond, Process: 1, Line: 1},
		{At: 5 * time.Second, Took: wholerun.Forever, Process: 2, Line: 3, Outcome: wholerun.Info},
	}})
	fmt.Println(v.Label)
	for _, m := range v.Marks {
		fmt.Printf("%s at %s %%: %s\n", m.Kind, m.X, m.Title)
	}
	// Output:
	// The whole run of 10s: 2 calls, 1 ok, 1 info, 0 fail; 0 faults.
	// info at 50 %: line 3: process 2, 5.000s, never returned
}
