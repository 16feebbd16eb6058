package mainpkg_test

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/internal/mainpkg"
)

// A package that is no main package can't be started.
func ExampleLoad() {
	_, err := mainpkg.Load(strings.NewReader(`{"ImportPath": "example.com/app/store", "Name": "store"}`))
	fmt.Println(err)
	// Output: example.com/app/store is package store, and not a main package
}
