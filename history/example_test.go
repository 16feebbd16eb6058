package history_test

import (
	"errors"
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

func ExampleDecode() {
	const file = `; a counter, as Jepsen records it
{:process 0, :type :invoke, :f :add, :value 2}
{:process :nemesis, :type :info, :f :kill, :value ["n1"]}
{:process 0, :type :info, :f :add, :value 2, :error :timed-out}
{:process 1, :type :invoke, :f :read}
{:process 1, :type :ok, :f :read, :value 2}`
	h, err := history.Decode(strings.NewReader(file), "history.edn", history.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for c := range h.Calls() {
		fmt.Println(c.Invoke.Input, c.Complete.Type, c.Complete.Output, c.Complete.Err)
	}
	// Output:
	// add 2 info add 2 :timed-out
	// read ok read 2
}

// Scan and Encoder hold one op at a time. This turns a log that porcupine reads
// into a history for Jepsen's tools.
func ExampleEncoder() {
	const log = "INFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\nINFO  jepsen.util - 0\t:fail\t:cas\t[1 2]\n"
	e, err := history.NewEncoder(os.Stdout, history.Options{Format: history.EDN})
	for op, bad := range history.Scan(strings.NewReader(log), "etcd.log", history.Options{}) {
		if bad != nil {
			err = bad
			break
		}
		err = errors.Join(err, e.Encode(op))
	}
	if err = errors.Join(err, e.Close()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {:index 0, :time 0, :process 0, :type :invoke, :f :cas, :value [1 2]}
	// {:index 1, :time 0, :process 0, :type :fail, :f :cas, :value [1 2]}
}

func ExampleFileError() {
	const file = "{:process 0, :type :invoke, :f :read}\n{:process 0, :type :okay}"
	_, err := history.Decode(strings.NewReader(file), "history.edn", history.Options{})
	var at *history.FileError
	if errors.As(err, &at) {
		fmt.Println(at.Line, at.Err)
	}
	// Output: 2 type "okay" is none of invoke, ok, fail, info
}
