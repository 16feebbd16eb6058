package quorumkv_test

import (
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster/quorumkv"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// A test that shows that quorums which overlap are not linearizable.
func ExampleStore() {
	_ = func(t *testing.T) { // func TestQuorums(t *testing.T)
		store := quorumkv.Store{N: 3, R: 2, W: 2, Strict: true}
		capsize.Run(t, capsize.Test{
			System:   store,
			Workload: workloads.Register(store.Open),
			Nemesis:  nemesis.Every(5*time.Second, nemesis.Partitions()),
			Seed:     1,
			Seeds:    20,
			Expect:   checker.Invalid,
		})
	}
}
