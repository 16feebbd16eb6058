package hlc_test

import (
	"fmt"
	"testing"
	"time"
	"os"
	"strconv"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/txn/hlc"
	"github.com/capsize-go/capsize/workloads"
)

func TestScratch(t *testing.T) {
	bug, err := hlc.Bugs.Parse(os.Getenv("BUG"))
	if err != nil { t.Fatal(err) }
	store := hlc.Store{Bugs: bug}
	p, _ := nemesis.FindPreset(os.Getenv("NEM"))
	seeds, _ := strconv.Atoi(os.Getenv("N"))
	n := nemesis.Every(10*time.Second, nemesis.Partitions())
	if p.With != nil { n = p.With(store.ElectionTimeout()) }
	test := capsize.Test{System: store, Workload: workloads.Append(store.Open, txn.StrongSessionSerializable, workloads.TxnMix{}), Nemesis: n, Duration: 20 * time.Second}
	for test.Seed = range uint64(seeds) {
		r, err := capsize.Exec(t.Context(), t, test)
		if err != nil { t.Fatal(err) }
		fmt.Println(test.Seed, r.Verdict, r.Reason)
		c := map[string]int{}
		for o := range r.History.Ops() { c[o.Type.String()]++; if o.Err != "" { c[o.Err]++ } }
		fmt.Println(c)
		for _, c := range r.Checks { fmt.Println(c.Checker, c.Verdict, c.Reason) }
		for _, f := range r.Findings { fmt.Println(f.String(), f.Stack) }
	}
}
