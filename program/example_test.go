package program_test

import (
	"fmt"
	"net/http"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/program"
)

// A test of a program whose func main was moved to a function of its arguments, so that a test can call it.
func Example() {
	run := func(args []string) { _ = http.ListenAndServe(args[1], nil) }

	system, err := program.Start{
		Args: []string{":8080", "-peers={{.JoinOthers `,` `http://%s:8080`}}", "-data={{.Dir}}"},
		Main: []func(args []string){run, run, run}, // run must not use package variables
	}.System()
	if err != nil {
		fmt.Println(err)
		return
	}
	workload, err := program.HTTP{
		Get: "http://{{.Name}}:8080/kv/{{.Key}}", Put: "http://{{.Name}}:8080/kv/{{.Key}}", Ready: "tcp:{{.Name}}:8080",
	}.Register()
	if err != nil {
		fmt.Println(err)
		return
	}
	test := capsize.Test{System: system, Workload: workload, Nodes: 3} // for capsize.Run, with capsize test
	fmt.Println(test.Workload.Name)
	// Output: register
}

// An argument names a field that a node does not have.
func ExampleStart_System() {
	_, err := program.Start{Args: []string{"-id={{.Id}}"}}.System()
	fmt.Println(err)
	// Output: argument 1 "-id={{.Id}}": argument 1:1:6: executing "argument 1" at <.Id>: can't evaluate field Id in type program.Node
}
