package realbugs_test

import (
	"fmt"

	"github.com/capsize-go/capsize/realbugs"
)

// The test of a module that names v2.3.0 calls Check(t, OtterRefresh(), "v2.3.0", true).
func Example() {
	b := realbugs.OtterRefresh()
	fmt.Println(b.Scenario.Name, b.Variant, b.Library)
	// Output: cache-refresh otter-refresh github.com/maypok86/otter/v2
}
