package child_test

import (
	"fmt"
	"os/exec"

	"github.com/capsize-go/capsize/internal/child"
)

func ExampleRun() {
	code, err := child.Run(exec.Command("go", "no-such-command"))
	fmt.Println(code, err)
	// Output: 2 <nil>
}
