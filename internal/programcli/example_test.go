package programcli_test

import (
	"context"

	"github.com/capsize-go/capsize/internal/programcli"
)

// Main is all of a program, given what builds.
func ExampleMain() {
	programcli.Main(func(context.Context, programcli.Build) (string, []string, error) { return "./server.det", nil, nil })
}
