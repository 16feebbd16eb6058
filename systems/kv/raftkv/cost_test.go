package raftkv_test

import (
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/internal/repeats"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// TestCost runs seeds for command runcost.
func TestCost(t *testing.T) {
	s := raftkv.Store{}
	repeats.Cost(t, capsize.Test{
		System: s, Workload: workloads.Register(s.Open), Duration: 20 * time.Second, Rate: 100,
		Nemesis: nemesis.Every(10*time.Second, nemesis.Partitions(), nemesis.Crashes()),
	})
}
