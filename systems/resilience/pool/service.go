package pool

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A Library is whose pool it is.
type Library string

const (
	// DatabaseSQL is package database/sql; see [SQL].
	DatabaseSQL Library = "database/sql"
	// JackcPuddle is jackc/puddle; see [Puddle].
	JackcPuddle Library = "puddle"
)

// A Service is a web service on n1 that answers orders with a connection to the database, which is on n2 at first. It also answers
// /hello, for which it needs no database.
type Service struct {
	Library Library       // whose pool; default [DatabaseSQL]
	Size    int           // connections of the pool, at most; default 10
	Takes   time.Duration // of the database for a query; default 20ms
	Spread  float64       // by what share of that a query takes more or less, at most; each its own

	// Workers is how many requests of any kind the service works for at a time; the others wait. Default: any number.
	Workers int
	// AcquireTimeout is how long an order waits for a connection, and a request for a worker, before it is refused. Default: for ever.
	AcquireTimeout time.Duration
	// Connections is how many connections an order takes: it asks for the next one while it holds those before. Default 1.
	Connections int
	// LeakEvery has each order with a number that it divides return early, without giving its connections back. Default: none does.
	LeakEvery int

	QueryTimeout  time.Duration // how long an order waits for the answer of the database; default: for ever
	KeepCancelled bool          // the bug of [Conn.KeepCancelled]
	Lifetime      Lifetime      // of connections
	Replicas      Replicas      // of the database; default: n2 alone
}

// Routes are what the service answers: orders, and what needs no database.
var Routes = []string{"/order", "/hello"}

// DatabaseRole is the role of the node that is the database, for a nemesis whose faults are to hit it alone.
const DatabaseRole = "database"

// Nodes is how many nodes the service needs.
func (s Service) Nodes() int {
	if s.Replicas.Standby {
		return 3
	}
	return 2
}

// Names has the name by which the service knows its database. Connections stay with the node that they were made to.
func (Service) Names() map[string]cluster.Name {
	return map[string]cluster.Name{databaseName: {Hosts: []string{"n2"}, TTL: 200 * time.Millisecond}}
}

// withDefaults returns s with its defaults filled in.
func (s Service) withDefaults() Service {
	if s.Library == "" {
		s.Library = DatabaseSQL
	}
	if s.Size == 0 {
		s.Size = 10
	}
	if s.Takes == 0 {
		s.Takes = 20 * time.Millisecond
	}
	s.Connections = max(1, s.Connections)
	return s
}

// Run runs the service or its database.
func (s Service) Run(ctx context.Context, h *cluster.Host) error {
	s = s.withDefaults()
	if s.Library != DatabaseSQL && s.Library != JackcPuddle {
		return fmt.Errorf("pool: there is no library %q", s.Library)
	}
	if h.Name() != "n1" {
		return s.Replicas.run(ctx, h)
	}
	p, err := s.open(h)
	if err != nil {
		return err
	}
	defer p.Close()
	a := app{Service: s, h: h, process: ctx, pool: p}
	mux := http.NewServeMux()
	mux.HandleFunc("/order", a.order)
	mux.HandleFunc("/hello", func(http.ResponseWriter, *http.Request) {})
	return web.Serve(ctx, h, ":80", web.Handle(h, web.Workers(ctx, h, s.Workers, s.AcquireTimeout, mux)))
}

// open makes the pool.
func (s Service) open(h *cluster.Host) (Pool, error) {
	if s.Library == JackcPuddle {
		return NewPuddle(h, databaseName, s.Size)
	}
	p := NewSQL(Connector{Host: h, Database: databaseName, KeepCancelled: s.KeepCancelled, Lifetime: s.Lifetime}, s.Size)
	p.Validate = s.Lifetime.Validate
	if s.Lifetime.Jitter == 0 {
		p.DB.SetConnMaxLifetime(s.Lifetime.Most)
	}
	return p, nil
}

// An app is the service in one life of its host.
type app struct {
	Service
	h       *cluster.Host
	process context.Context
	pool    Pool
}

// order answers an order.
func (a app) order(w http.ResponseWriter, r *http.Request) {
	ctx := web.Detached(a.process, r.Context())
	id := web.Of(ctx).ID
	leaks := a.LeakEvery > 0 && id%a.LeakEvery == 0
	for i := range a.Connections {
		q := Query{For: id, Takes: a.takes(id, i)}
		conn, err := a.take(ctx)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		if leaks {
			conn.Leak(ctx, q)
			http.Error(w, "no such customer", http.StatusNotFound)
			return
		}
		defer conn.Release()
		row, err := a.query(ctx, conn, q)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		if i == 0 {
			fmt.Fprint(w, row.For)
		}
	}
}

// query asks the database.
func (a app) query(ctx context.Context, conn *Lease, q Query) (Row, error) {
	ctx, cancel := web.Bounded(a.process, a.h, ctx, a.QueryTimeout)
	defer cancel()
	return conn.Query(ctx, q)
}

// takes returns how long a query of an order takes.
func (a app) takes(id, query int) time.Duration {
	x := keyed.New(0, "query").Int(int64(id), int64(query)).Float64()
	return time.Duration((1 + a.Spread*(2*x-1)) * float64(a.Takes)).Truncate(time.Microsecond)
}

// take waits for a connection.
func (a app) take(ctx context.Context) (*Lease, error) {
	ctx, cancel := web.Bounded(a.process, a.h, ctx, a.AcquireTimeout)
	defer cancel()
	return Take(ctx, a.h, "connections", a.pool)
}
