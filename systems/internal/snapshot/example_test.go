package snapshot_test

import (
	"fmt"

	"github.com/capsize-go/capsize/systems/internal/snapshot"
)

// Example hands a state from one replica to another.
func Example() {
	data := snapshot.Encode(map[string]int{"b": 2, "a": 1})
	fmt.Printf("%s\n", data)
	state, err := snapshot.Decode(data, &map[string]int{})
	fmt.Println((*state)["b"], err)
	_, err = snapshot.Decode([]byte("{"), &map[string]int{})
	fmt.Println(err)
	state, err = snapshot.Decode(nil, &map[string]int{"initial": 1})
	fmt.Println(*state, err)
	// Output:
	// {"a":1,"b":2}
	// 2 <nil>
	// decode snapshot: unexpected end of JSON input
	// map[initial:1] <nil>
}
