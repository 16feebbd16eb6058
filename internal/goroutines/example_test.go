package goroutines_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/goroutines"
)

// A process died of a panic in a goroutine of the host n2.
func ExampleCrashed() {
	f := goroutines.Crashed(`panic: boom

goroutine 34 [running, synctest bubble 1 labels:{"capsize": "seed 42, run 1", "host": "n2"}]:
example.com/store.(*Store).Append(0xc000)
	/src/store/store.go:31 +0x1d
`)
	fmt.Println(f)
	fmt.Println(f.Stack)
	// Output:
	// n2: panic: boom
	// example.com/store.(*Store).Append
	// 	/src/store/store.go:31
}
