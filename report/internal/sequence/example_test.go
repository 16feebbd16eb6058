package sequence_test

import (
	"fmt"

	"github.com/capsize-go/capsize/report/internal/account"
	"github.com/capsize-go/capsize/report/internal/example"
	"github.com/capsize-go/capsize/report/internal/sequence"
)

func Example() {
	c, err := example.LeaseReads()
	if err != nil {
		fmt.Println(err)
		return
	}
	steps, _ := account.Of(c)
	s := sequence.Scene{Trace: c.Trace, Steps: steps, Faults: c.Faults, History: c.History, Clients: c.Clients}
	for i, call := range c.Why.Calls {
		s.Calls = append(s.Calls, sequence.Call{Call: call, Label: "call", Blamed: i == c.Why.Blamed})
	}
	d, ok := sequence.Draw(s)
	fmt.Println(ok, d.Left == 0)
	fmt.Println(d.Filters[0].Name)
	// Output:
	// true true
	// ack
}
