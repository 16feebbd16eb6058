package balance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A Service is a balancer and its backends. The zero Service has four backends that have their turn, and no probe looks at their health.
type Service struct {
	Backends int                // default 4
	Policy   func() Policy      // default [RoundRobin]
	Weights  map[string]float64 // of backends, by node; 1 for those that are missing

	Timeout   time.Duration // of an attempt at a backend; default 1s
	Probes    Probes        // the active checks; by default there are none
	Ejection  Ejection      // the passive checks; by default there are none
	Panic     float64       // the share of backends below which the balancer takes all of them, healthy or not (fail open); 0: never (fail closed)
	SlowStart time.Duration // for which a backend that joins, or is healthy again, gets less than its share
	Sticky    bool          // a session stays with the backend that it got first, for as long as that is in the rotation
	Sizes     []Size        // of the set over time, in order; default: all backends from the start

	Work    time.Duration // mean time that a backend works for a request; default 50ms
	Lag     time.Duration // until the other backends have what one has written; default 300ms
	Needs   []string      // routes that need the dependency
	Caches  bool          // a backend keeps what the dependency answered, by route
	Workers int           // requests that a backend works for at a time; others wait in the order in which they came; 0: no limit
	Cold    int           // requests for which a backend that joins works five times as long: its caches are cold
}

// A Size says how many backends are in the rotation from an instant of the run on: the first ones of that number.
type Size struct {
	From     time.Duration
	Backends int
}

// The defaults.
const (
	defaultBackends = 4
	defaultTimeout  = time.Second
	defaultWork     = 50 * time.Millisecond
	defaultLag      = 300 * time.Millisecond
)

func (s Service) backends() int {
	if s.Backends == 0 {
		return defaultBackends
	}
	return s.Backends
}

func (s Service) timeout() time.Duration {
	if s.Timeout == 0 {
		return defaultTimeout
	}
	return s.Timeout
}

// Balancer is the name of the node that balances.
const Balancer = "n1"

// Backend returns the name of a backend, from 0.
func Backend(i int) string { return fmt.Sprint("n", i+2) }

// Names returns the names of all backends.
func (s Service) Names() (names []string) {
	for i := range s.backends() {
		names = append(names, Backend(i))
	}
	return names
}

// Nodes returns how many nodes a cluster of the service has.
func (s Service) Nodes() int {
	n := 1 + s.backends()
	if s.depends() {
		n++
	}
	return n
}

// depends reports whether there is something that all backends depend on.
func (s Service) depends() bool { return len(s.Needs) > 0 }

// Dependency returns the name of the node that the backends depend on.
func (s Service) Dependency() string { return fmt.Sprint("n", s.backends()+2) }

// members returns how many backends are in the rotation at an instant of the run.
func (s Service) members(at time.Duration) int {
	n := s.backends()
	for _, size := range s.Sizes {
		if at >= size.From {
			n = size.Backends
		}
	}
	return n
}

// needs reports whether a route needs the dependency.
func (s Service) needs(route string) bool {
	return slices.Contains(s.Needs, route) || slices.Contains(s.Needs, AllRoutes)
}

// AllRoutes as a route that needs the dependency stands for all of them.
const AllRoutes = "*"

// Run runs a node: the balancer, a backend or the dependency.
func (s Service) Run(ctx context.Context, h *cluster.Host) error {
	switch {
	case h.Name() == Balancer:
		return s.balance(ctx, h)
	case s.depends() && h.Name() == s.Dependency():
		return s.serveDependency(ctx, h)
	default:
		return s.serveBackend(ctx, h)
	}
}
