package runhash_test

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/runhash"
)

func ExampleHash() {
	var a, b runhash.Hash
	a.Add(time.Second, 1, -1, 0, runhash.Crash)
	b.Add(time.Second, 1, -1, 0, runhash.Boot)
	fmt.Println(a == b, runhash.DiskFull.DiskEffect())
	// Output: false no space
}
