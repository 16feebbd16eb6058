package example_test

import (
	"fmt"

	"github.com/capsize-go/capsize/report/internal/example"
)

func Example() {
	c, err := example.LeaseReads()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(c.Why.Calls), "calls,", len(c.Trace.Messages), "messages")
	// Output: 3 calls, 116 messages
}
