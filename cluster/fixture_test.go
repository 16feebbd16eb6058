package cluster_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/trace"
)

// A fixture is three nodes that take down what reaches them and answer it.
type fixture struct {
	t *testing.T
	*cluster.Cluster

	mu    sync.Mutex
	hosts map[string]*cluster.Host
	got   []arrival
	boots map[string]int

	forgiven bool // the test has looked at the findings
}

// An arrival is a message that reached a node.
type arrival struct {
	to   string
	body any
	at   time.Duration
}

// withFixture runs a test on a fixture and returns the trace of what happened.
func withFixture(t *testing.T, test func(t *testing.T, r *fixture)) (hash uint64) {
	t.Helper()
	hash, _ = withRecorder(t, trace.Window{}, test)
	return hash
}

// withRecorder is withFixture of which a window is recorded.
func withRecorder(t *testing.T, w trace.Window, test func(t *testing.T, r *fixture)) (hash uint64, recorded *trace.Trace) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &fixture{t: t, hosts: map[string]*cluster.Host{}, boots: map[string]int{}}
		c, err := cluster.New(cluster.Config{System: cluster.Func(r.node), Nodes: 3, Clients: 1, Seed: 7, Wait: synctest.Wait, Record: w})
		require.NoError(t, err)
		r.Cluster = c
		require.NoError(t, c.Start())
		defer func() {
			c.Stop(3 * time.Minute)
			recorded = c.Recorded()
		}()
		r.pass(time.Millisecond)
		test(t, r)
		hash = c.Trace()
		if !r.forgiven {
			require.Empty(t, c.Findings())
		}
	})
	return hash, recorded
}

func (r *fixture) node(ctx context.Context, h *cluster.Host) error {
	r.mu.Lock()
	r.hosts[h.Name()] = h
	r.boots[h.Name()]++
	r.mu.Unlock()
	h.Handle(func(m cluster.Message) {
		r.mu.Lock()
		r.got = append(r.got, arrival{h.Name(), m.Body, r.Now()})
		r.mu.Unlock()
		if do, ok := m.Body.(func(*cluster.Host)); ok {
			do(h)
		}
		m.Reply(m.Body)
	})
	<-ctx.Done()
	return nil
}

// pass lets time pass.
func (r *fixture) pass(d time.Duration) { require.True(r.t, r.Sleep(r.t.Context(), d)) }

// host returns the present life of a host.
func (r *fixture) host(name string) *cluster.Host {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hosts[name]
}

// took returns what arrived since it was asked last.
func (r *fixture) took() []arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.got
	r.got = nil
	return got
}

// on runs do as an event of a host.
func (r *fixture) on(name string, do func(h *cluster.Host)) {
	h := r.host(name)
	h.AfterFunc(0, func() { do(h) })
	r.pass(10 * time.Microsecond)
}

// effect returns how often a fault did something.
func (r *fixture) effect(fault, what string) int {
	for _, e := range r.Effects() {
		if e.Fault == fault && e.What == what {
			return int(e.Count)
		}
	}
	return 0
}

// A journey is the fate of messages that were sent from n1 to n2.
type journey struct {
	sent, distinct, twice, late int // late ones took 5 ms longer than the link does
	overtaken, damaged          int
	slowest                     time.Duration
}

// letter is a body that may be damaged.
type letter struct{ number, damage int }

// send sends n letters from n1 to n2, one each millisecond.
func (r *fixture) send(n int) journey {
	r.took()
	h, sent := r.host("n1"), map[int]time.Duration{}
	for i := range n {
		sent[i] = r.Now()
		h.Send("n2", letter{number: i})
		r.pass(time.Millisecond)
	}
	r.pass(5 * time.Second)
	j := journey{sent: n}
	seen := map[int]bool{}
	last := -1
	for _, a := range r.took() {
		l := a.body.(letter)
		if l.damage != 0 {
			j.damaged++
		}
		if seen[l.number] {
			j.twice++
			continue
		}
		seen[l.number] = true
		if l.number < last {
			j.overtaken++
		}
		last = max(last, l.number)
		took := a.at - sent[l.number]
		j.slowest = max(j.slowest, took)
		if took > 25*time.Millisecond {
			j.late++
		}
	}
	j.distinct = len(seen)
	return j
}

// healthy requires that the links are as ever.
func (r *fixture) healthy() {
	j := r.send(300)
	assert.Equal(r.t, journey{sent: 300, distinct: 300, overtaken: j.overtaken, slowest: j.slowest}, j)
	assert.Less(r.t, j.slowest, 25*time.Millisecond)
}
