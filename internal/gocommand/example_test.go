package gocommand_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/gocommand"
)

func ExampleTest() {
	fmt.Println(gocommand.Test("TestStore/seed-17-2f8e513f", "./store", " -short"))
	// Output: go test -short -run='^TestStore$/^seed-17-2f8e513f$' ./store
}
