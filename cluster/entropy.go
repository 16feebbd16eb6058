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
// from crypto/rand. While a cluster runs, that reader returns draws that
// are keyed by the instant and the number of draws at that instant.

var (
	entropyOnce sync.Once
	running     atomic.Pointer[Cluster] // the cluster that runs in this process
)

// entropy stands in for [rand.Reader]. Without a cluster, and for goroutines outside of
// virtual time, as those of a parallel test, it is that reader.
type entropy struct{ real io.Reader }

func (e entropy) Read(p []byte) (int, error) {
	if c := running.Load(); c != nil && bubble.Inside() {
		return c.entropy.read(c, p), nil
	}
	return e.real.Read(p)
}

// claim makes c the cluster that crypto/rand draws from, and reports whether it could. There
// can be only one at a time, since the process has one reader.
func (c *Cluster) claim() bool {
	entropyOnce.Do(func() { rand.Reader = entropy{rand.Reader} })
	return running.CompareAndSwap(nil, c)
}

func (c *Cluster) release() { running.CompareAndSwap(c, nil) }

// An entropySource generates the bytes that crypto/rand returns in one cluster.
type entropySource struct {
	mu    sync.Mutex
	key   keyed.Key
	at    int64
	reads int64
}

// read fills p with draws that are keyed by the instant and the number of draws at it, so
// that they do not depend on how many there were before.
func (s *entropySource) read(c *Cluster, p []byte) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := int64(c.Now()); at != s.at {
		s.at, s.reads = at, 0
	}
	var b [8]byte
	for n := 0; n < len(p); n += 8 {
		s.reads++
		binary.LittleEndian.PutUint64(b[:], s.key.Int(s.at, s.reads).Uint64())
		copy(p[n:], b[:])
	}
	return len(p)
}
