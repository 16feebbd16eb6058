package account_test

import (
	"fmt"

	"github.com/capsize-go/capsize/report/internal/account"
	"github.com/capsize-go/capsize/report/internal/example"
)

func Example() {
	c, err := example.LeaseReads()
	if err != nil {
		fmt.Println(err)
		return
	}
	steps, kind := account.Of(c)
	fmt.Println(kind)
	for _, line := range account.Lines(steps, 100, 8) {
		fmt.Println(line)
	}
	// Output:
	// stale read
	// 1  33.483s  Process 40 wrote 2791. n2 led term 5, all nodes had it, and it was acknowledged.
	// 2  33.521s  The nemesis cut n2 off from all other nodes.
	// 3  34.056s  n4 and n5 voted for n3: it leads term 6. The message that would have told n2 was lost.
	// 4  34.082s  Process 42 wrote 3013 at n3. A majority had it, and it was acknowledged.
	// 5  34.118s  n2 answered process 31 with 2791. It asked no other node before it answered.
}
