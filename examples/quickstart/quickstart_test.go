package quickstart_test

import (
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/examples/quickstart"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

func TestStore(t *testing.T) {
	store := quickstart.Store{}
	capsize.Run(t, capsize.Test{
		System:   store,
		Workload: workloads.Register(store.Open),
		Nemesis:  nemesis.Every(3*time.Second, nemesis.Partitions()),
		Duration: 10 * time.Second,
		Expect:   checker.Invalid, // delete this line to see how the test fails
	})
}

func TestStoreFromLeader(t *testing.T) {
	store := quickstart.Store{FromLeader: true}
	test := capsize.Test{
		System:   store,
		Workload: workloads.Register(store.Open),
		Nemesis:  nemesis.Every(3*time.Second, nemesis.Partitions()),
		Duration: 10 * time.Second,
		Seed:     1,
		Seeds:    2,
	}
	if testing.Short() {
		test.Seeds = 1
	}
	capsize.Run(t, test)
}

// A run that can't be repeated can't be debugged, so every system deserves this.
func TestStoreIsDeterministic(t *testing.T) {
	if testing.Short() {
		t.Skip("the other tests run the same")
	}
	for _, store := range []quickstart.Store{{}, {FromLeader: true}} {
		capsize.CheckDeterminism(t, capsize.Test{
			System:   store,
			Workload: workloads.Register(store.Open),
			Nemesis:  nemesis.Every(3*time.Second, nemesis.Partitions()),
			Duration: 6 * time.Second,
		})
	}
}
