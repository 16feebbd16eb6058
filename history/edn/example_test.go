package edn_test

import (
	"fmt"

	"github.com/capsize-go/capsize/history/edn"
)

func Example() {
	v, err := edn.Parse(`{:f :txn, :value [[:r "x" nil]]}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	f, _ := v.(edn.Map).Get(edn.Keyword("f"))
	text, _ := edn.Append(nil, v)
	fmt.Println(f, string(text))
	// Output: txn {:f :txn, :value [[:r "x" nil]]}
}
