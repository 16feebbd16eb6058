package cluster

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/effect"
	"github.com/capsize-go/capsize/cluster/internal/nameservice"
	"github.com/capsize-go/capsize/cluster/internal/runhash"
	"github.com/capsize-go/capsize/cluster/internal/tracer"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A Name is the record of a name in the cluster's name service, as DNS has it.
type Name struct {
	Hosts []string      // the hosts that it stands for, in the order of the answer
	TTL   time.Duration // how long a host may keep an answer; default 5s
}

// A Named system has names beside those of its hosts, as "db.internal". Without it, or [Cluster.SetName], only names of hosts
// and IPs can be dialled.
type Named interface {
	System
	Names() map[string]Name
}

// lookupTime is how long the name service takes for an answer.
const lookupTime = time.Millisecond

// SlowName is how long a lookup takes under [SlowNames].
const SlowName = 2 * time.Second

// A NameImpairment is what is wrong with the lookups of a host.
type NameImpairment string

const (
	// StaleNames returns the records of the time when the fault began, as from a server that gets no updates.
	StaleNames NameImpairment = nameservice.Stale
	// WrongNames returns a node that the name does not stand for.
	WrongNames NameImpairment = nameservice.Wrong
	// MissingNames returns that there is no such name (NXDOMAIN).
	MissingNames NameImpairment = nameservice.Missing
	// FailingNames returns that the server failed (SERVFAIL).
	FailingNames NameImpairment = nameservice.Failing
	// SlowNames returns the right records, [SlowName] late.
	SlowNames NameImpairment = "slow"
)

// NameImpairments lists what can be wrong with lookups.
func NameImpairments() []NameImpairment {
	return []NameImpairment{StaleNames, WrongNames, MissingNames, FailingNames, SlowNames}
}

// A cached is an answer in the cache of a host.
type cached struct {
	hosts []string
	until time.Duration
}

// SetName makes a name stand for hosts from now on, as an operator or a fail-over script does. Hosts that have looked it up
// before keep the old answer until its TTL is over, and connections stay as they are. Without hosts the name is removed. The
// error names a host that does not exist.
func (c *Cluster) SetName(name string, hosts ...string) error {
	c.lock()
	defer c.unlock()
	return c.setName(name, Name{Hosts: hosts})
}

// SetName is [Cluster.SetName] for code on a host, as a node that takes over.
func (h *Host) SetName(name string, hosts ...string) error {
	c := h.m.c
	c.lock()
	defer c.unlock()
	if h.dead() {
		return ErrCrashed
	}
	return c.setName(name, Name{Hosts: hosts})
}

// setName sets a record after it has checked it, with the TTL of the record before it unless it has its own. An empty record
// removes the name.
func (c *Cluster) setName(name string, record Name) error {
	for _, host := range record.Hosts {
		if c.byName[host] == nil {
			return fmt.Errorf("name %q: there is no host %q", name, host)
		}
	}
	if c.byName[name] != nil {
		return fmt.Errorf("name %q: it is the name of a host", name)
	}
	c.note(c.Now(), c.machines[0], nil, kindFunc, runhash.Name)
	c.named = c.named || len(record.Hosts) > 0
	c.names.Set(name, nameservice.Record(record))
	return nil
}

// addNames sets the names that the system has at its start.
func (c *Cluster) addNames() error {
	c.names = nameservice.Records{}
	s, ok := c.cfg.System.(Named)
	if !ok {
		return nil
	}
	records := s.Names()
	for _, name := range sorting.Keys(records) {
		if err := c.setName(name, records[name]); err != nil {
			return fmt.Errorf("cluster: %w", err)
		}
	}
	return nil
}

// HasNames reports whether the name service has any names, so that its faults can have an effect.
func (c *Cluster) HasNames() bool {
	c.lock()
	defer c.unlock()
	return len(c.names) > 0
}

// ImpairNames impairs the lookups of a host until heal is called. The host still uses what it has cached.
func (c *Cluster) ImpairNames(host string, what NameImpairment) (heal func()) {
	m := c.machine(host)
	c.lock()
	defer c.unlock()
	x := &nameservice.Fault{What: string(what), By: c.by, Old: maps.Clone(c.names)}
	m.nameFaults = append(m.nameFaults, x)
	return c.healing(m, nil, wrong{trace.Service, "names " + what}, func() {
		m.nameFaults = slices.DeleteFunc(m.nameFaults, func(y *nameservice.Fault) bool { return x == y })
	})
}

// LookupHost returns the addresses of a name as IPs, as [net.Resolver.LookupHost] does. It queries the cluster's name service,
// which takes a millisecond, unless the host has cached an answer whose TTL is not over; a crash loses the cache. Names that do
// not exist are not cached. Names of hosts and IPs need no service. The service can be reached under any partition; its own
// faults are [Cluster.ImpairNames]. The error is a [net.DNSError].
func (h *Host) LookupHost(ctx context.Context, name string) ([]string, error) {
	c := h.m.c
	c.lock()
	if ips, ok := h.localAddrs(name); ok {
		c.unlock()
		return ips, nil
	}
	took := lookupTime
	for _, x := range h.m.nameFaults {
		if x.What == string(SlowNames) {
			x.By.Add(effect.NameSlow, 1)
			took += SlowName
		}
	}
	c.unlock()
	var ips []string
	var err error
	done := make(chan struct{})
	t := &Timer{h: h, cause: tracer.Wakes, fn: func() {
		c.loop.wakes()
		ips, err = h.queryNames(name)
		close(done)
	}}
	t.Reset(took)
	defer t.Stop()
	select {
	case <-done:
		return ips, err
	case <-ctx.Done():
		return nil, &net.DNSError{Err: ctx.Err().Error(), Name: name, IsTimeout: true, IsTemporary: true}
	case <-h.ctx.Done():
		return nil, ErrCrashed
	}
}

// localAddrs returns the addresses of a name that needs no lookup.
func (h *Host) localAddrs(name string) (ips []string, ok bool) {
	c := h.m.c
	if m := c.byName[name]; m != nil {
		return []string{m.ip.String()}, true
	}
	if net.ParseIP(name) != nil {
		return []string{name}, true
	}
	if a, ok := h.cache[name]; ok && c.Now() < a.until {
		return c.ips(a.hosts), true
	}
	return nil, false
}

// queryNames queries the name service and caches its answer.
func (h *Host) queryNames(name string) ([]string, error) {
	c := h.m.c
	c.lock()
	defer c.unlock()
	record, err := c.names.Query(name, h.m.nameFaults, func(than []string, by *effect.Tally) string {
		return c.otherNode(than, h.m.key.With("dns", by.Name, name).Int(int64(c.Now()/time.Millisecond)))
	})
	if err != nil {
		return nil, err
	}
	if h.cache == nil {
		h.cache = map[string]cached{}
	}
	h.cache[name] = cached{record.Hosts, c.Now() + record.TTL}
	return c.ips(record.Hosts), nil
}

// otherNode draws a node that is none of these, or any node if there is no other.
func (c *Cluster) otherNode(than []string, k keyed.Key) string {
	others := slices.DeleteFunc(slices.Clone(c.nodes), func(n string) bool { return slices.Contains(than, n) })
	if len(others) == 0 {
		others = c.nodes
	}
	return others[k.Range(0, int64(len(others)))]
}

func (c *Cluster) ips(hosts []string) []string {
	var ips []string
	for _, host := range hosts {
		ips = append(ips, c.byName[host].ip.String())
	}
	return ips
}

// resolve returns the addresses to dial for an address: itself unless it begins with a name that only the name service knows.
func (h *Host) resolve(ctx context.Context, network, addr string) ([]string, error) {
	c := h.m.c
	name, port, err := net.SplitHostPort(addr)
	c.lock()
	_, local := h.localAddrs(name)
	_, cached := h.cache[name]
	c.unlock()
	// A system without names needs no service: the network knows the hosts by itself, and says what is wrong with any other
	// address.
	if err != nil || name == "" || name == "localhost" || local && !cached || !c.named {
		return []string{addr}, nil
	}
	ips, err := h.LookupHost(ctx, name)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	for i, ip := range ips {
		ips[i] = net.JoinHostPort(ip, port)
	}
	return ips, nil
}

// DialContext connects to another host. It has the shape of [net.Dialer.DialContext], so that it fits where one is asked for.
// The address is a name or an IP with a port: "n1:8080", "10.0.0.1:8080", "db.internal:8080". A name that stands for several
// hosts has them tried in turn.
func (h *Host) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	addrs, err := h.resolve(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	var conn net.Conn
	for _, a := range addrs {
		if conn, err = h.net.Dial(ctx, network, a); err == nil || ctx.Err() != nil {
			break
		}
	}
	return conn, err
}
