package systems_test

import (
	"fmt"

	"github.com/capsize-go/capsize/catalog/systems"
)

// A system, one of its bugs and a nemesis by the names that the command knows them by.
func Example() {
	s, err := systems.Find("raftkv")
	if err != nil {
		fmt.Println(err)
		return
	}
	system, workloads, err := s.Build("lease-reads")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, known := workloads["register"]
	faults, err := systems.FindNemesis("leader")
	fmt.Println(system != nil, known, faults != nil, err)
	_, err = systems.Find("raft")
	fmt.Println(err)
	// Output:
	// true true true <nil>
	// there is no system "raft", did you mean "raftkv"?
	//   valid: raftkv, registerkv, primarykv, chainkv, percolator, galera, ssi, calvin, psi, hlc, quorumkv, crdtkv, twopc, retryclient
}
