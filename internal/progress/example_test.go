package progress_test

import (
	"os"

	"github.com/capsize-go/capsize/internal/progress"
)

func Example() {
	p := progress.New(os.Stdout, 2)
	p.Step("none found")
	p.Step("1 found")
	p.End()
	// Output:
	// 1 of 2 runs: none found
	// 2 of 2 runs: 1 found
}
