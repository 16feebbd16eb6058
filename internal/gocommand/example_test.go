package gocommand_test

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/internal/gocommand"
)

func ExampleTest() {
	command := gocommand.Test("TestStore/seed-17-2f8e513f", "./store", " -short")
	fmt.Println(strings.TrimPrefix(command, gocommand.Command())) // go test, or capsize test
	// Output: -short -run='^TestStore$/^seed-17-2f8e513f$' ./store
}
