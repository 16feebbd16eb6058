package history_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/capsize-go/capsize/history"
)

func Example() {
	h := history.Of(
		history.Op{Time: 1 * time.Millisecond, Process: 0, Node: "n1", Type: history.Invoke, Key: "x", Input: "write 1"},
		history.Op{Time: 2 * time.Millisecond, Process: 1, Node: "n2", Type: history.Invoke, Key: "x", Input: "read"},
		history.Op{Time: 3 * time.Millisecond, Process: 1, Node: "n2", Type: history.OK, Key: "x", Output: 1},
		history.Op{Time: 4 * time.Millisecond, Process: 0, Node: "n1", Type: history.Info, Key: "x", Err: "timed out"},
	)
	for c := range h.Calls() {
		fmt.Println(c.Invoke.Input, "→", c.Complete.Type, c.Complete.Output, c.Complete.Err)
	}
	// Output:
	// write 1 → info <nil> timed out
	// read → ok 1
}

func ExampleHistory_Write() {
	h := history.Of(
		history.Op{Time: time.Millisecond, Process: 2, Node: "n3", Type: history.Invoke, Key: "x", Input: "read"},
		history.Op{Time: 2 * time.Millisecond, Process: 2, Node: "n3", Type: history.OK, Key: "x", Output: 7},
	)
	if err := h.Write(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"index":0,"time":1000000,"process":2,"node":"n3","type":"invoke","key":"x","input":"read"}
	// {"index":1,"time":2000000,"process":2,"node":"n3","type":"ok","key":"x","output":7}
}

func ExampleReadAs() {
	const file = `{"time":1000,"process":0,"type":"invoke","input":{"f":"read"}}
{"time":2000,"process":0,"type":"ok","output":7}
{"time":1500,"process":0,"type":"invoke","input":{"f":"read"}}
`
	type request struct {
		F string `json:"f"`
	}
	_, err := history.ReadAs[request, int](strings.NewReader(file), "history.jsonl")
	fmt.Println(err)
	// Output: history.jsonl:3: time 1500 is before 2000, the time of the op before
}
