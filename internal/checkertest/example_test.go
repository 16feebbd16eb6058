package checkertest_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/checkertest"
)

func Example() {
	fmt.Println(checkertest.OneByOne([2]any{"ask", "answer"}).Len())
	// Output: 2
}
