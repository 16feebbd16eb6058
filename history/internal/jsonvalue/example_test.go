package jsonvalue_test

import (
	"fmt"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/jsonvalue"
)

func Example() {
	o := jsonvalue.Begin(nil)
	o.Add("value", []any{edn.Keyword("x"), int64(1), nil})
	o.AddKey(edn.Keyword("node"), "n1")
	text, err := o.End()
	fmt.Println(string(text), err)

	o.Add("node", "n2")
	_, err = o.End()
	fmt.Println(err)
	// Output:
	// {"value":["x",1,null],"node":"n1"} <nil>
	// two fields would have the name "node" in JSON
}
