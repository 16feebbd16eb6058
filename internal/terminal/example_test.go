package terminal_test

import (
	"bytes"
	"fmt"

	"github.com/capsize-go/capsize/internal/terminal"
)

func ExampleIs() {
	fmt.Println(terminal.Is(new(bytes.Buffer)))
	// Output: false
}
