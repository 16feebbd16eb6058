package programbuild_test

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/internal/programbuild"
	"github.com/capsize-go/capsize/internal/programcli"
)

// The package is one of the module of the working directory.
func ExampleBuild() {
	file, notes, err := programbuild.Build(context.Background(), programcli.Build{Package: "./cmd/server", Nodes: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(file, notes)
}
