package gossip

import (
	"context"
	"fmt"
	"log"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/capsize-go/capsize/cluster"
)

// Port is where [Config] makes memberlist listen.
const Port = 7946

// exchange is how often a node compares all it knows with another: memberlist's
// default of PushPullInterval on a local network.
const exchange = 30 * time.Second

// Config returns memberlist's defaults for a local network, fitted to a host: a
// transport on [Port], the host's log, and intervals of the host's own. Code that
// sets other intervals must keep their odd nanoseconds. PushPullInterval is 0 and
// must stay so, see [Create].
func Config(h *cluster.Host) (*memberlist.Config, error) {
	t, err := NewTransport(h, Port)
	if err != nil {
		return nil, err
	}
	c := memberlist.DefaultLANConfig()
	c.Name = h.Name()
	c.Transport = t
	c.BindPort, c.AdvertisePort = Port, Port
	c.Logger = log.New(h.LogWriter(), "", 0)
	odd := primes(h)
	c.ProbeInterval += odd[0]
	c.GossipInterval += odd[1]
	c.QueueCheckInterval += odd[2]
	c.PushPullInterval = 0
	return c, nil
}

// Create starts memberlist on a host with the help of [Config], as
// [memberlist.Create] does, and exchanges states with one other node after
// another every 30 seconds until the host crashes or memberlist is shut down.
//
// This takes the place of memberlist's own periodic exchange. When that first
// happens depends on which of three goroutines draws first, and so it is chance.
// Ours takes the nodes in turn, dead or alive, and so it also joins the halves
// of a cluster after a partition that lasted until each took the other for
// dead. Memberlist leaves that to its user; serf, for one, does the same.
func Create(h *cluster.Host, c *memberlist.Config) (*memberlist.Memberlist, error) {
	peers, err := Seeds(h)
	if err != nil {
		return nil, err
	}
	m, err := memberlist.Create(c)
	if err != nil {
		return nil, fmt.Errorf("memberlist of %s: %w", h.Name(), err)
	}
	if t, ok := c.Transport.(*transport); ok && len(peers) > 0 {
		go t.exchange(m, peers)
	}
	return m, nil
}

// exchange compares notes with one peer after another.
func (t *transport) exchange(m *memberlist.Memberlist, peers []string) {
	interval := exchange + primes(t.host)[3]
	for i := index(t.host); t.host.Sleep(interval) == nil && !t.isClosed(); i++ {
		peer := peers[i%len(peers)]
		if _, err := m.Join([]string{peer}); err != nil {
			t.host.Log().Debug("no exchange", "peer", peer, "err", err)
		}
	}
}

// Seeds returns the addresses of all other nodes, for [memberlist.Memberlist.Join].
// They are of the form "n2/10.0.0.2:7946": an address without an IP would be
// looked up with the resolver of the machine, outside of the cluster.
func Seeds(h *cluster.Host) ([]string, error) {
	var seeds []string
	for _, n := range h.Nodes() {
		if n == h.Name() {
			continue
		}
		addr, err := lookup(h, net.JoinHostPort(n, strconv.Itoa(Port)))
		if err != nil {
			return nil, fmt.Errorf("address of %s: %w", n, err)
		}
		seeds = append(seeds, n+"/"+addr)
	}
	return seeds, nil
}

// lookup returns an address with the IP for the name. To connect a datagram
// socket sends nothing.
func lookup(h *cluster.Host, addr string) (string, error) {
	c, err := h.DialContext(context.Background(), "udp", addr)
	if err != nil {
		return "", err
	}
	return c.RemoteAddr().String(), c.Close()
}

// index returns the host's place among the nodes.
func index(h *cluster.Host) int { return max(0, slices.Index(h.Nodes(), h.Name())) }

// primes returns four primes, in nanoseconds, that no other node is given.
func primes(h *cluster.Host) []time.Duration {
	first := 4 * index(h)
	var found []time.Duration
	for p := 101; len(found) < first+4; p += 2 {
		prime := true
		for d := 3; d*d <= p && prime; d += 2 {
			prime = p%d != 0
		}
		if prime {
			found = append(found, time.Duration(p))
		}
	}
	return found[first:]
}
