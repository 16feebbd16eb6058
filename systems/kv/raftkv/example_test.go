package raftkv_test

import (
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// A test of the store with a bug, which shows that crashes find it.
func ExampleStore() {
	_ = func(t *testing.T) { // func TestAckBeforeSync(t *testing.T)
		store := raftkv.Store{Bugs: raftkv.AckBeforeSync}
		capsize.Run(t, capsize.Test{
			System:   store,
			Workload: workloads.Register(store.Open),
			Nemesis:  nemesis.Every(5*time.Second, nemesis.Crashes()),
			Seed:     1,
			Seeds:    20,
			Expect:   checker.Invalid,
		})
	}
}
