package ownpool_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/examples/ownpool"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/resilience/pool"
	"github.com/capsize-go/capsize/workloads"
)

// own is all that the test has to know of the pool: how a connection is taken, used, and given back.
type own struct{ *ownpool.Pool[*pool.Conn] }

func (o own) Acquire(ctx context.Context) (pool.Connection, error) {
	c, err := o.Get(ctx)
	return connection{c, o}, err
}

func (own) Close() {}

type connection struct {
	*pool.Conn
	from own
}

func (c connection) Release()                               { c.from.Put(c.Conn, !c.Usable()) }
func (c connection) Leak(ctx context.Context, q pool.Query) { _, _ = c.Query(ctx, q) }

// test has clients order from a web service with the pool, whose database restarts once. Each order must have an outcome within a second, and
// when the database is back orders must be done again.
func test(careful bool) capsize.Test {
	service := pool.Service{Size: 5, AcquireTimeout: 300 * time.Millisecond, QueryTimeout: 300 * time.Millisecond,
		Own: func(size int, dial func(context.Context) (*pool.Conn, error)) pool.Pool {
			p := ownpool.New(size, dial)
			p.Careful = careful
			return own{p}
		}}
	const at, down = 2 * time.Second, time.Second
	return capsize.Test{
		System:   service,
		Workload: workloads.Requests(service.Open, workloads.RequestLoad{Arrivals: workloads.Constant(20), Routes: pool.Routes, Deadline: time.Second}),
		Nemesis:  nemesis.At(at, down, nemesis.Crashes(nemesis.WithRole(pool.DatabaseRole))),
		Checker: checker.All(
			resilience.Answered(time.Microsecond),
			resilience.NoLeaks(),
			resilience.Unrelated(0.99, resilience.Interval{From: at + down + time.Second}, "/order"), // what is broken then is mended
		),
		Nodes:    service.Nodes(),
		Clients:  1,
		Duration: 6 * time.Second,
		Settle:   time.Second,
		Timeout:  5 * time.Second,
	}
}

func TestPool(t *testing.T) {
	x := test(false)
	x.Seed, x.Seeds = 1, 3
	x.Expect = checker.Invalid // delete this line to see how the test fails
	capsize.Run(t, x)
}

func TestCareful(t *testing.T) {
	x := test(true)
	x.Seeds = 3
	if testing.Short() {
		x.Seeds = 1
	}
	capsize.Run(t, x)
}

func TestDeterminism(t *testing.T) {
	if testing.Short() {
		t.Skip("the other tests run the same")
	}
	capsize.CheckDeterminism(t, test(false))
}

// What a run comes to can be counted, too.
func Example() {
	for _, careful := range []bool{false, true} {
		x := test(careful)
		x.Seed = 1
		r, err := capsize.Exec(context.Background(), new(testing.T), x)
		if err != nil {
			fmt.Println(err)
			continue
		}
		routes, err := resilience.MeasureRoutes(r.History, resilience.Interval{From: 4 * time.Second})
		fmt.Printf("%s: %.0f %% of the orders after the restart are ok %v\n", r.Verdict, 100*routes["/order"].Availability(), err)
	}
	// Output:
	// invalid: 0 % of the orders after the restart are ok <nil>
	// valid: 100 % of the orders after the restart are ok <nil>
}
