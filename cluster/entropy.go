package cluster

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"sync"
	"sync/atomic"

	"github.com/capsize-go/capsize/internal/bubble"
	"github.com/capsize-go/capsize/internal/keyed"
)

// Libraries draw their own randomness: etcd's raft takes its election timeouts
// from crypto/rand. While a cluster runs, that reader answers with draws that
// are keyed by the host that acts, the instant, and how often it asked then.

var (
	entropyOnce sync.Once
	present     atomic.Pointer[Cluster] // the cluster that runs in this process
)

// entropy stands in for [rand.Reader]. Without a cluster, and for goroutines outside of
// virtual time, as those of a parallel test, it is that reader.
type entropy struct{ real io.Reader }

func (e entropy) Read(p []byte) (int, error) {
	if c := present.Load(); c != nil && bubble.Inside() {
		return c.entropy.read(c, p), nil
	}
	return e.real.Read(p)
}

// claim makes c the cluster whose draws the process gets. There can be only one
// at a time, since the reader is the process's.
func (c *Cluster) claim() bool {
	entropyOnce.Do(func() { rand.Reader = entropy{rand.Reader} })
	return present.CompareAndSwap(nil, c)
}

func (c *Cluster) release() { present.CompareAndSwap(c, nil) }

// A source yields the bytes of one cluster.
type source struct {
	mu   sync.Mutex
	key  keyed.Key
	at   int64
	asks int64
}

func (s *source) read(c *Cluster, p []byte) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := int64(c.Now()); at != s.at {
		s.at, s.asks = at, 0
	}
	var b [8]byte
	for n := 0; n < len(p); n += 8 {
		s.asks++
		binary.LittleEndian.PutUint64(b[:], s.key.Int(s.at, s.asks).Uint64())
		copy(p[n:], b[:])
	}
	return len(p)
}
