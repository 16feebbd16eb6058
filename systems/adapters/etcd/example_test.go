package etcd_test

import (
	"fmt"

	"go.etcd.io/etcd/server/v3/embed"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/systems/adapters/etcd"
)

// A test of etcd with a mistake, and with a configuration of its own.
func Example() {
	s := etcd.Store{Bugs: etcd.SerializableReads, Configure: func(c *embed.Config) { c.ElectionMs = 500 }}
	_ = capsize.Test{System: s, Workload: s.Workload(5), Nodes: 3}
	fmt.Println(s.Bugs)
	// Output: serializable-reads
}
