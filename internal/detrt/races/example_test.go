package races_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/detrt/races"
)

func ExampleAll() {
	fmt.Println(races.All()[0].Name)
	// Output: check, then act
}
