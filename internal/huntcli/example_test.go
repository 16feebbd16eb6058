package huntcli_test

import "github.com/capsize-go/capsize/internal/huntcli"

// Main is all of a program.
func ExampleMain() { huntcli.Main() }
