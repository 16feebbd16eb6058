package attributes_test

import (
	"fmt"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/attributes"
)

func Example() {
	span := edn.Map{{Key: edn.Keyword("name"), Value: "request"}, {Key: edn.Keyword("attributes"), Value: edn.Map{{Key: "http.route", Value: "/pay"}}}}
	fmt.Println(attributes.Flatten(span, func(name string) string { return name })[1])
	// Output: {http.route /pay}
}
