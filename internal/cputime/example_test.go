package cputime_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/cputime"
)

func Example() {
	began := cputime.Used()
	fmt.Println(cputime.Used() >= began)
	// Output: true
}
