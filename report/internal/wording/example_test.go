package wording_test

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/report/internal/wording"
)

func Example() {
	c := history.Call{
		Invoke:   history.Op{Key: "k3", Input: model.RegisterOp{F: "read", Key: "k3"}},
		Complete: history.Op{Type: history.OK, Output: 2791},
	}
	fmt.Println(wording.Label(c, "k3"))
	fmt.Println(wording.Plural(5873, "call"), "in", wording.Short(65*time.Second))
	// Output:
	// read → 2791
	// 5,873 calls in 1m5s
}
