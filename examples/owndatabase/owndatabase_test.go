package owndatabase_test

import (
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/examples/owndatabase"
	"github.com/capsize-go/capsize/workloads/sqltxn"
)

func test(d owndatabase.Database) capsize.Test {
	return capsize.Test{System: d, Workload: d.Workload(), Nodes: 1, Clients: 5, Rate: 200, Duration: 2 * time.Second}
}

func TestDatabase(t *testing.T) {
	x := test(owndatabase.Database{})
	x.Seeds = 2
	capsize.Run(t, x)
}

func TestReadsElsewhere(t *testing.T) {
	x := test(owndatabase.Database{Mistake: sqltxn.ReadElsewhere})
	x.Expect, x.Seeds = checker.Invalid, 3
	capsize.Run(t, x)
}

func TestAutocommit(t *testing.T) {
	x := test(owndatabase.Database{Mistake: sqltxn.Autocommit})
	x.Expect, x.Seeds = checker.Invalid, 3
	capsize.Run(t, x)
}

func TestDatabaseIsDeterministic(t *testing.T) {
	capsize.CheckDeterminism(t, test(owndatabase.Database{Mistake: sqltxn.ReadElsewhere}))
}
