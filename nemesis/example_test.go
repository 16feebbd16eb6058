package nemesis_test

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
)

// A fault is made simpler step by step, as long as what it shows stays.
func ExampleSimpler() {
	f := nemesis.PowerCuts(cluster.Torn, nemesis.Hosts("n1", "n3"))
	for _, simpler := range nemesis.Simpler(f) {
		fmt.Println(simpler)
	}
	// Output:
	// crash n1 n3
	// power cut (torn) n1
	// power cut (torn) n3
}

// A plan is made from a seed, and is data: it can be printed, and made shorter.
func Example() {
	n := nemesis.Every(10*time.Second,
		nemesis.Partitions(nemesis.Leader),
		nemesis.PowerCuts(cluster.Torn, nemesis.Majority),
		nemesis.On(cluster.LeaderChange, nemesis.Pauses(nemesis.TheLeader)))
	fmt.Println(n)
	p := n.Plan(1, 30*time.Second)
	fmt.Print(p.Without(2).Table())
	// Output:
	// every 10s: partition leader or power cut (torn) majority or on leader-change: pause leader
	// STEP  AT          FOR        FAULT
	// 1     3.914218s   4.768433s  power cut (torn) majority
	// 3     24.072518s  3.910952s  on leader-change: pause leader
}
