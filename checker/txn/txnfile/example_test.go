package txnfile_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/capsize-go/capsize/checker/txn/txnfile"
)

// A history of two transactions in Jepsen's EDN is read into columns and written as elle-cli reads it.
func Example() {
	f, err := txnfile.Read(strings.NewReader(`
		{:process 0, :type :invoke, :f :txn, :value [[:append "x" 1] [:r "y" nil]]}
		{:process 1, :type :invoke, :f :txn, :value [[:append "y" 2]]}
		{:process 1, :type :ok,     :f :txn, :value [[:append "y" 2]]}
		{:process 0, :type :ok,     :f :txn, :value [[:append "x" 1] [:r "y" [2]]]}`), "history.edn", txnfile.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(f.History.Txns), "transactions,", f.Format)
	if err := txnfile.Write(os.Stdout, f.History, txnfile.JSON); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 2 transactions, edn
	// [{"index":0,"process":0,"type":"invoke","f":"txn","value":[["append","x",1],["r","y",null]]},
	// {"index":1,"process":1,"type":"invoke","f":"txn","value":[["append","y",2]]},
	// {"index":2,"process":1,"type":"ok","f":"txn","value":[["append","y",2]]},
	// {"index":3,"process":0,"type":"ok","f":"txn","value":[["append","x",1],["r","y",[2]]]}]
}
