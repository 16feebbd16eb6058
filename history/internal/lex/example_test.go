package lex_test

import (
	"fmt"

	"github.com/capsize-go/capsize/history/internal/lex"
)

func Example() {
	err := lex.EachField([]byte(`{"f": "read", "value": 7}`), func(name, raw []byte) error {
		fmt.Printf("%s=%s\n", name, raw)
		return nil
	})
	fmt.Println(err)
	// Output:
	// f="read"
	// value=7
	// <nil>
}
