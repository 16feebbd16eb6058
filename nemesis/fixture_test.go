package nemesis_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// A busy system does a little of everything, so that every fault has an
// effect: its nodes write and sync, read what they wrote and their clocks, and
// send each other bytes. The one with the lowest name that is up leads.
type busy struct {
	mu    sync.Mutex
	heard map[string]int // messages that a node got, by "from to"
}

func (b *busy) Run(ctx context.Context, h *cluster.Host) error {
	h.Handle(func(m cluster.Message) {
		b.mu.Lock()
		b.heard[m.From+" "+h.Name()]++
		b.mu.Unlock()
	})
	var timer *cluster.Timer
	turn := 0
	timer = h.AfterFunc(10*time.Millisecond, func() {
		timer.Reset(10 * time.Millisecond)
		turn++
		if h.Name() == "n1" {
			h.SetRole([]string{"leader", "follower"}[turn/25%2])
		} else if h.Name() == "n2" {
			h.SetRole([]string{"follower", "leader"}[turn/25%2])
		}
		h.Clock().Now()
		for _, how := range cluster.Degradations() {
			h.Degraded(how)
		}
		if turn%10 == 0 && h.Name() == "n1" {
			_ = h.SetName("db.internal", h.Nodes()[turn/10%3])
		}
		if want := h.Members(); want != nil {
			h.Adopt(want)
		}
		if err := b.write(h); err != nil {
			panic(err)
		}
		for _, to := range h.Nodes() {
			h.Send(to, []byte("a message"))
		}
	})
	lookUp(ctx, h)
	return nil
}

// lookUp asks for an address again and again.
func lookUp(ctx context.Context, h *cluster.Host) {
	for ctx.Err() == nil {
		_, _ = h.LookupHost(ctx, "db.internal")
		if h.Sleep(20*time.Millisecond) != nil {
			return
		}
	}
}

// Names gives the busy system a name whose answers are kept for a moment only.
func (b *busy) Names() map[string]cluster.Name {
	return map[string]cluster.Name{"db.internal": {Hosts: []string{"n1"}, TTL: 10 * time.Millisecond}}
}

// Reconfigurable says that the busy system adopts any members.
func (b *busy) Reconfigurable() {}

// EventDriven says that the busy system uses handlers and timers alone.
func (b *busy) EventDriven() {}

func (b *busy) write(h *cluster.Host) error {
	f, err := h.Disk().Open("f")
	if err != nil {
		return err
	}
	if f.Size() > 8_000 {
		if err := f.Truncate(3_000); err != nil {
			return err
		}
	}
	if _, err := f.Write(make([]byte, 700)); err != nil {
		return err
	}
	if _, err := f.ReadAt(make([]byte, f.Size()), 0); err != nil {
		return err
	}
	return h.Sync()
}

// onBusy runs a test on five nodes of a busy system and five clients that send as well.
func onBusy(t *testing.T, seed uint64, test func(t *testing.T, c *cluster.Cluster, b *busy)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &busy{heard: map[string]int{}}
		c, err := cluster.New(cluster.Config{System: b, Nodes: 5, Clients: 6, Spared: 1, Seed: seed, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		defer c.Stop(time.Second)
		c.Sleep(t.Context(), time.Millisecond)
		for i := range 5 {
			h := c.Client(i)
			var timer *cluster.Timer
			timer = h.AfterFunc(10*time.Millisecond, func() {
				timer.Reset(10 * time.Millisecond)
				h.Clock().Now()
				for _, to := range h.Nodes() {
					h.Send(to, []byte("a request"))
				}
			})
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			go lookUp(ctx, h)
		}
		c.Sleep(t.Context(), 100*time.Millisecond)
		test(t, c, b)
		require.Empty(t, c.Findings())
	})
}

// effects counts the effects of a fault.
func effects(c *cluster.Cluster, fault string) (n int64) {
	for _, e := range c.Effects() {
		if e.Fault == fault {
			n += e.Count
		}
	}
	return n
}

// disconnected returns the pairs of hosts between which nothing gets through within a
// quarter of a second.
func (b *busy) disconnected(t *testing.T, c *cluster.Cluster) (pairs []string) {
	b.mu.Lock()
	clear(b.heard)
	b.mu.Unlock()
	c.Sleep(t.Context(), 250*time.Millisecond)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, from := range append(c.Nodes(), c.Clients()...) {
		for _, to := range c.Nodes() {
			if b.heard[from+" "+to] < 10 {
				pairs = append(pairs, from+" "+to)
			}
		}
	}
	return pairs
}
