package simnet

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const latency = 5 * time.Millisecond

// A fakeWire takes 5 ms for everything, and can be cut.
type fakeWire struct {
	start time.Time

	mu     sync.Mutex
	cuts   map[string]bool              // by "from>to"
	late   func(k int) time.Duration    // what carriage k takes longer, if set
	lose   func(way string, k int) bool // whether carriage k of that way is lost, if set
	counts map[string]int               // of what was carried, by way
	events int
	lives  map[string]int
	down   map[string]bool
	taken  map[time.Duration]bool // the instants of all events
	trace  strings.Builder
}

func newWire() *fakeWire {
	return &fakeWire{start: time.Now(), cuts: map[string]bool{}, counts: map[string]int{}, lives: map[string]int{}, down: map[string]bool{}, taken: map[time.Duration]bool{}}
}

func (w *fakeWire) Now() time.Duration { return time.Since(w.start) }

func (w *fakeWire) Carry(from, to string, size int, deliver, lost func()) {
	w.mu.Lock()
	way := from + ">" + to
	k := w.counts[way]
	w.counts[way]++
	life, d := w.lives[to], latency
	if w.late != nil {
		d += w.late(k)
	}
	gone := w.cuts[way] || w.lose != nil && w.lose(way, k)
	silent := w.down[from]
	fmt.Fprintln(&w.trace, w.Now(), way, size, gone)
	w.mu.Unlock()
	switch {
	case silent:
		return
	case gone && lost != nil:
		lost()
	case !gone:
		w.after(to, d, func() {
			w.mu.Lock()
			cut, same := w.cuts[way], w.lives[to] == life && !w.down[to]
			w.mu.Unlock()
			if !cut && same {
				deliver()
			} else if cut && lost != nil {
				lost()
			}
		})
	}
}

func (w *fakeWire) After(host string, d time.Duration, fn func()) (stop func()) {
	w.mu.Lock()
	life := w.lives[host]
	w.mu.Unlock()
	return w.after(host, d, func() {
		w.mu.Lock()
		same := w.lives[host] == life
		w.mu.Unlock()
		if same {
			fn()
		}
	})
}

// after runs fn at an instant that nothing else has.
func (w *fakeWire) after(host string, d time.Duration, fn func()) (stop func()) {
	at := (w.Now() + d).Truncate(time.Microsecond) + time.Microsecond + time.Duration(host[1]-'0')
	w.mu.Lock()
	for w.taken[at] {
		at += time.Microsecond
	}
	w.taken[at] = true
	w.mu.Unlock()
	t := time.AfterFunc(at-w.Now(), func() {
		w.mu.Lock()
		w.events++
		w.mu.Unlock()
		fn()
	})
	return func() { t.Stop() }
}

// cut cuts the ways given as "n1>n2".
func (w *fakeWire) cut(ways ...string) { w.set(true, ways) }

func (w *fakeWire) heal(ways ...string) { w.set(false, ways) }

func (w *fakeWire) set(cut bool, ways []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, way := range ways {
		w.cuts[way] = cut
	}
}

// crash crashes a host; a silent one sends no resets.
func (w *fakeWire) crash(n *Net, host string, silent bool) {
	w.mu.Lock()
	w.lives[host]++
	w.down[host] = silent
	w.mu.Unlock()
	n.Crash(host)
}

func (w *fakeWire) restart(host string) {
	w.mu.Lock()
	w.down[host] = false
	w.mu.Unlock()
}

func (w *fakeWire) carried(way string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts[way]
}

// ran counts the events so far.
func (w *fakeWire) ran() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.events
}

// bubble runs a test on a network of three hosts and virtual time.
func bubble(t *testing.T, test func(t *testing.T, w *fakeWire, n *Net)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		test(t, w, threeHosts(w))
	})
}

func threeHosts(w Wire) *Net {
	n := New(w)
	for i := range 3 {
		n.AddHost(fmt.Sprint("n", i+1), net.IPv4(10, 0, 0, byte(i+1)))
	}
	return n
}

// pair connects n1 to n2.
func pair(t *testing.T, n *Net) (client, server *conn) {
	t.Helper()
	l, err := n.Listen("n2", "tcp", ":80")
	require.NoError(t, err)
	defer l.Close()
	a, err := n.Dial(context.Background(), "n1", "tcp", "n2:80")
	require.NoError(t, err)
	b, err := l.Accept()
	require.NoError(t, err)
	return a.(*conn), b.(*conn)
}

// read reads one piece.
func read(t *testing.T, r io.Reader) string {
	t.Helper()
	b := make([]byte, 1<<20)
	k, err := r.Read(b)
	require.NoError(t, err)
	return string(b[:k])
}

func write(t *testing.T, w io.Writer, s string) {
	t.Helper()
	k, err := io.WriteString(w, s)
	require.NoError(t, err)
	require.Equal(t, len(s), k)
}

// elapsed returns how long fn took, without what it takes to reach a host's
// next instant.
func elapsed(fn func()) time.Duration {
	start := time.Now()
	fn()
	return time.Since(start).Truncate(time.Millisecond)
}

// gone reports whether a connection has come to its end, and left its host.
func gone(c *conn) bool {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	return c.gone && c.host.conns[c.id] == nil
}

func usedPorts(n *Net, host string) map[int]bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.hosts[host].tcp.used)
}
