package http_test

import (
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/examples/http"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

func test(store http.Store) capsize.Test {
	return capsize.Test{
		System:   store,
		Workload: workloads.Register(store.Open),
		Nemesis:  nemesis.Every(5*time.Second, nemesis.Partitions(), nemesis.Lossy(0.1)),
		Duration: 15 * time.Second,
		Nodes:    3,
	}
}

func TestStore(t *testing.T) {
	x := test(http.Store{})
	x.Seeds = 2
	if testing.Short() {
		x.Seeds = 1
	}
	capsize.Run(t, x)
}

func TestStoreWithCache(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	x := test(http.Store{CacheFor: 100 * time.Millisecond})
	x.Expect, x.Seeds = checker.Invalid, 10
	capsize.Run(t, x)
}

func TestStoreIsDeterministic(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, store := range []http.Store{{}, {CacheFor: 100 * time.Millisecond}} {
		x := test(store)
		x.Duration = 6 * time.Second
		capsize.CheckDeterminism(t, x)
	}
}
