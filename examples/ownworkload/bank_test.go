package ownworkload_test

import (
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/examples/ownworkload"
	"github.com/capsize-go/capsize/nemesis"
)

func test(b ownworkload.Bank) capsize.Test {
	return capsize.Test{
		System:   b,
		Workload: ownworkload.Workload(b),
		Nemesis:  nemesis.Every(5*time.Second, nemesis.Partitions(), nemesis.Slow(0)),
		Duration: 15 * time.Second,
	}
}

func TestBank(t *testing.T) {
	x := test(ownworkload.Bank{})
	x.Seeds = 3
	if testing.Short() {
		x.Seeds = 1
	}
	capsize.Run(t, x)
}

func TestBankInTwoSteps(t *testing.T) {
	x := test(ownworkload.Bank{InTwoSteps: true})
	x.Expect, x.Seeds = checker.Invalid, 10
	capsize.Run(t, x)
}

func TestBankIsDeterministic(t *testing.T) {
	if testing.Short() {
		t.Skip("the other tests run the same")
	}
	capsize.CheckDeterminism(t, test(ownworkload.Bank{InTwoSteps: true}))
}
