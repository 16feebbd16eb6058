package workloads

import (
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/levels"
)

// judgedAs returns the checker of a workload of transactions.
func judgedAs(kind txn.Kind, claim txn.Model) checker.Checker { return levels.Checker(kind, claim) }
