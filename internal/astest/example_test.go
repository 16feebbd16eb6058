package astest_test

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/internal/astest"
	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

const saved = `capsize failure v1

system   raftkv
bug      local-reads
workload register
seed     1
nodes    3
clients  2
rate     100
duration 1s
timeout  1s
settle   5s
checker  linearizable
anomaly  a newer value had replaced it

plan
step 1  at 200ms  for 1s  {"kind":"partition","shapes":["n1 | n2 n3"]}

ops
at 300ms  client 1  {"f":"write","key":"k1","value":7}
final  client 0  {"f":"read","key":"k1"}

history
`

// The plan and the operations of a failure, as they stand in its test.
func ExampleCatalog() {
	f, err := failure.Parse([]byte(saved), "saved")
	if err != nil {
		fmt.Println(err)
		return
	}
	source, err := astest.Catalog(f, workloads.Register(raftkv.Store{}.Open), "saved")
	if err != nil {
		fmt.Println(err)
		return
	}
	for line := range strings.Lines(string(source)) {
		if strings.Contains(line, "ID: ") || strings.Contains(line, "Client: ") || strings.Contains(line, "store := ") {
			fmt.Print(strings.TrimSpace(line), "\n")
		}
	}
	// Output:
	// store := raftkv.Store{Bugs: raftkv.LocalReads}
	// {ID: 1, At: 200 * time.Millisecond, For: time.Second, Fault: nemesis.Partitions(nemesis.Cut("n1 | n2 n3"))},
	// {Client: 1, At: 300 * time.Millisecond, Input: model.RegisterOp{F: "write", Key: "k1", Value: 7}}, // at n2
	// {Client: 0, Final: true, Input: model.RegisterOp{F: "read", Key: "k1"}},                           // at n1
}
