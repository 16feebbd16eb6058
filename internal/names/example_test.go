package names_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/names"
)

func ExampleUnknown() {
	fmt.Println(names.Unknown("model", "regster", []string{"register", "queue"}))
	// Output:
	// there is no model "regster", did you mean "register"?
	//   valid: register, queue
}
