package zones_test

import (
	"fmt"

	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/checker/internal/zones"
	"github.com/capsize-go/capsize/model"
)

// A read that began after the write of 2 had returned sees 1.
func Example() {
	clash, _ := zones.Decide([]view.Access{
		{Call: 0, Ret: 1, Put: 1, Saw: model.None, Known: true},
		{Call: 2, Ret: 3, Put: 2, Saw: model.None, Known: true},
		{Call: 4, Ret: 5, Put: model.None, Saw: 1, Known: true},
	}, 3, false)
	fmt.Println(len(clash.Ops))
	// Output: 3
}
