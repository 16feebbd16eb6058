package pool

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// databaseName is the name by which a service knows its database.
const databaseName = "db"

// Replicas say which nodes have the database: n2, and n3 if there is a standby. The name of the database stands for the primary. A
// replica that is not the primary refuses queries.
type Replicas struct {
	Standby  bool
	SwitchAt time.Duration // when an operator makes n3 the primary, and n2 a replica, since the start of the run; 0: never
	Accept   time.Duration // see [Database.Accept]
}

const (
	watchEvery = 200 * time.Millisecond // how often the standby asks the primary, and how long it waits for an answer
	missed     = 3                      // answers in a row after which it becomes the primary
)

// run runs the database on n2 or n3.
func (r Replicas) run(ctx context.Context, h *cluster.Host) error {
	p := &replica{h: h}
	p.primary.Store(p.named(ctx))
	if p.primary.Load() {
		h.SetRole(DatabaseRole)
	}
	switch {
	case !r.Standby:
	case r.SwitchAt > h.Clock().Monotonic():
		h.AfterFunc(r.SwitchAt-h.Clock().Monotonic(), func() {
			p.primary.Store(false)
			if h.Name() == "n3" {
				p.promote()
			}
		})
	case h.Name() == "n3":
		go p.watch(ctx)
	}
	return Database{Accept: r.Accept, ReadOnly: func() bool { return !p.primary.Load() }}.Serve(ctx, h)
}

// A replica is one copy of the database.
type replica struct {
	h       *cluster.Host
	primary atomic.Bool
}

// named reports whether the name of the database stands for this host.
func (p *replica) named(ctx context.Context) bool {
	addresses, err := p.h.LookupHost(ctx, databaseName)
	return err == nil && slices.Contains(addresses, p.h.IP().String())
}

// promote makes the replica the primary.
func (p *replica) promote() {
	if p.h.SetName(databaseName, p.h.Name()) == nil {
		p.primary.Store(true)
		p.h.SetRole("primary")
		p.h.Count("failovers")
	}
}

// watch asks the primary until it has not answered several times in a row.
func (p *replica) watch(ctx context.Context) {
	for failed := 0; failed < missed; failed++ {
		if p.ask(ctx) == nil {
			failed = -1
		}
		if p.h.Sleep(watchEvery) != nil {
			return
		}
	}
	p.promote()
}

func (p *replica) ask(ctx context.Context) error {
	ctx, cancel := p.h.WithTimeout(ctx, watchEvery)
	defer cancel()
	c, err := Dial(ctx, p.h, "n2")
	if err != nil {
		return fmt.Errorf("pool: standby: %w", err)
	}
	defer func() { _ = c.Close() }() // it was for one question
	return c.Ping(ctx)
}
