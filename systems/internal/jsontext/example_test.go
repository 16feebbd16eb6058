package jsontext_test

import (
	"fmt"

	"github.com/capsize-go/capsize/systems/internal/jsontext"
)

func Example() {
	record := jsontext.AppendString([]byte(`{"Key":`), "k1")
	record = jsontext.AppendString(append(record, `,"Value":`...), `a "quoted" word`)
	fmt.Println(string(append(record, '}')))
	// Output: {"Key":"k1","Value":"a \"quoted\" word"}
}
