package packed_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/packed"
)

func Example() {
	s := packed.Insert(packed.Ints(1, 5), 3)
	fmt.Println(packed.Len(s), packed.Unpack(s), s < packed.Ints(2))
	// Output: 3 [1 3 5] true
}
