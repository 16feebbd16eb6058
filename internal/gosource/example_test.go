package gosource_test

import (
	"encoding/json"
	"fmt"

	"github.com/capsize-go/capsize/internal/gosource"
	"github.com/capsize-go/capsize/model"
)

func ExampleFile() {
	var f gosource.File
	input, err := f.Value(model.RegisterOp{F: "write", Key: "k1", Value: 7})
	fmt.Println(input, err)
	fault, _ := f.Fault(json.RawMessage(`{"kind":"pause","victims":["leader"]}`))
	fmt.Println(fault)
	for _, spec := range f.Imports() {
		fmt.Println(spec)
	}
	// Output:
	// model.RegisterOp{F: "write", Key: "k1", Value: 7} <nil>
	// nemesis.Pauses(nemesis.TheLeader)
	// "github.com/capsize-go/capsize/model"
	// "github.com/capsize-go/capsize/nemesis"
}
