package entropy_test

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/internal/entropy"
	"github.com/capsize-go/capsize/internal/keyed"
)

// Example shows that the process has one reader, which one source at a time can claim.
func Example() {
	a, b := entropy.New(keyed.New(1), nil), entropy.New(keyed.New(2), nil)
	fmt.Println(a.Claim(), b.Claim())
	a.Release()
	fmt.Println(b.Claim())
	b.Release()
	// Output:
	// true false
	// true
}
