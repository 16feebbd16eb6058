package capsize_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/examples/quickstart"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// A test of a store that answers from wherever it is asked. It fails, with a read
// of what had been replaced.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestStore(t *testing.T)
		store := quickstart.Store{}
		capsize.Run(t, capsize.Test{
			System:   store,
			Workload: workloads.Register(store.Open),
			Nemesis:  nemesis.Every(10*time.Second, nemesis.Partitions()),
		})
	}
}

// A test that shows a bug on purpose: it fails if none of a hundred seeds find it.
func ExampleRun_expect() {
	_ = func(t *testing.T) {
		store := raftkv.Store{Bugs: raftkv.LeaseReads}
		capsize.Run(t, capsize.Test{
			System:   store,
			Workload: workloads.Register(store.Open),
			Nemesis:  nemesis.Every(10*time.Second, nemesis.Partitions(nemesis.Leader)),
			Timeout:  500 * time.Millisecond,
			Seed:     1,
			Seeds:    100,
			Expect:   checker.Invalid,
		})
	}
}

// Every system deserves a test of whether its runs repeat.
func ExampleCheckDeterminism() {
	_ = func(t *testing.T) {
		store := quickstart.Store{}
		capsize.CheckDeterminism(t, capsize.Test{
			System:   store,
			Workload: workloads.Register(store.Open),
			Nemesis:  nemesis.Every(10*time.Second, nemesis.Partitions(), nemesis.Crashes()),
		})
	}
}

// A program that is no test gets what a run needs from Main.
func ExampleMain() {
	_ = func() { // func main()
		capsize.Main(func(t *testing.T) int {
			store := raftkv.Store{Bugs: raftkv.LocalReads}
			r, err := capsize.Exec(context.Background(), t, capsize.Test{
				System:   store,
				Workload: workloads.Register(store.Open),
				Nemesis:  nemesis.Every(10*time.Second, nemesis.Partitions()),
				Seed:     1,
			})
			if err != nil {
				fmt.Println(err)
				return 3
			}
			fmt.Println(r.Verdict, r.Reason)
			return 0
		})
	}
}

// The messages of a stretch of a run. Of a run that is invalid, Explain records those that led to the counterexample.
func ExampleTest_record() {
	_ = func(t *testing.T) {
		store := raftkv.Store{}
		r, err := capsize.Exec(context.Background(), t, capsize.Test{
			System:   store,
			Workload: workloads.Register(store.Open),
			Nemesis:  nemesis.Every(10*time.Second, nemesis.Partitions()),
			Seed:     1,
			Record:   trace.Window{From: 10 * time.Second, To: 12 * time.Second},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range r.Messages.Messages {
			if m.Lost == trace.Cut {
				fmt.Println(m.Sent, m.From, m.To, m.Name, m.Text)
			}
		}
	}
}

// A failure is made small: of hundreds of calls under partitions, two calls and no fault are left.
func ExampleShrink() {
	_ = func(t *testing.T) {
		store := raftkv.Store{Bugs: raftkv.LocalReads}
		r, err := capsize.Exec(t.Context(), t, capsize.Test{
			System: store, Workload: workloads.Register(store.Open), Nemesis: nemesis.Every(2*time.Second, nemesis.Partitions()),
			Duration: 5 * time.Second, Seed: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		small, err := capsize.Shrink(t.Context(), t, r, capsize.ShrinkOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Log(small.Signature) // linearizable: a newer value had replaced it (read ok)
		t.Log(small.After)     // 0 faults, 2 calls, 3 nodes
		for _, o := range small.Test.Script {
			t.Log(o.Client, o.At, o.Input)
		}
	}
}
