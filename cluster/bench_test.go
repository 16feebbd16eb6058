//go:build unix

package cluster_test

import (
	"context"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// echoes is a system whose first two nodes send one message back and forth.
type echoes struct{ n *atomic.Int64 }

func (echoes) EventDriven() {}

func (e echoes) Run(ctx context.Context, h *cluster.Host) error {
	body := any([]byte("ping"))
	h.Handle(func(m cluster.Message) {
		e.n.Add(1)
		h.Send(m.From, body)
	})
	if h.Name() == "n1" {
		for range 64 {
			h.AfterFunc(time.Millisecond, func() { h.Send("n2", body) })
		}
	}
	<-ctx.Done()
	return nil
}

// BenchmarkMessage measures a message from one host to another: in a cluster that
// no fault has touched, in one where faults of all kinds were and are healed, and
// in one where other links and hosts have faults.
func BenchmarkMessage(b *testing.B) {
	healed := func(c *cluster.Cluster) (heals []func()) {
		return append(elsewhere(c, "n1"), elsewhere(c, "n2")...)
	}
	for _, x := range []struct {
		name  string
		begin func(c *cluster.Cluster)
	}{
		{"untouched", func(*cluster.Cluster) {}},
		{"healed", func(c *cluster.Cluster) {
			for _, heal := range healed(c) {
				heal()
			}
		}},
		{"elsewhere", func(c *cluster.Cluster) { elsewhere(c, "n3") }},
	} {
		b.Run(x.name, func(b *testing.B) {
			var n atomic.Int64
			var took time.Duration
			var messages int64
			t := []testing.InternalTest{{Name: "bubble", F: func(t *testing.T) {
				synctest.Test(t, func(*testing.T) { took = pingPong(b, &n, x.begin) })
				messages = n.Load()
			}}}
			testing.RunTests(func(_, _ string) (bool, error) { return true, nil }, t)
			b.ReportMetric(float64(took.Nanoseconds())/float64(messages), "cpu-ns/message")
		})
	}
}

// elsewhere injects faults of all kinds into a host and its links.
func elsewhere(c *cluster.Cluster, host string) []func() {
	c = c.As("idle")
	return []func(){
		c.Impair(host, "n3", cluster.Impairment{Cut: true, Lose: 0.1, Double: 0.1}), c.Impair("n3", host, cluster.Impairment{Delay: time.Second}),
		c.Pause(host), c.SlowHost(host, time.Millisecond), c.ImpairDisk(host, cluster.DiskImpairment{Lie: true}),
		c.ImpairClock(host, cluster.ClockError{Skew: time.Second, Drift: 100}), c.CrashInWrite(host),
	}
}

// pingPong returns how much processor time b.N messages and a few more took.
func pingPong(b *testing.B, n *atomic.Int64, begin func(c *cluster.Cluster)) time.Duration {
	c, err := cluster.New(cluster.Config{System: echoes{n}, Nodes: 3, Seed: 1, Wait: synctest.Wait})
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	c.Sleep(context.Background(), time.Microsecond*500)
	begin(c)
	c.Sleep(context.Background(), 100*time.Millisecond)
	b.ReportAllocs()
	b.ResetTimer()
	before := processorTime(b)
	for n.Store(0); n.Load() < int64(b.N); {
		c.Sleep(context.Background(), 20*time.Millisecond)
	}
	b.StopTimer()
	took := processorTime(b) - before
	c.Stop(time.Millisecond)
	return took
}

// processorTime returns what the process has used: the clock of the bubble says
// nothing about that.
func processorTime(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
