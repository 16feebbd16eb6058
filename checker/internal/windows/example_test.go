package windows_test

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker/internal/windows"
)

func ExampleBusiest() {
	most, begin := windows.Busiest([]time.Duration{0, 1 * time.Second, 1900 * time.Millisecond, 2 * time.Second}, time.Second)
	fmt.Println(most, begin)
	// Output: 2 1s
}
