// Package entropy stands in for crypto/rand while a cluster runs: libraries draw their own randomness, as etcd's raft does for its
// election timeouts. What it yields is keyed by the instant and the number of draws at that instant.
package entropy

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/capsize-go/capsize/internal/bubble"
	"github.com/capsize-go/capsize/internal/keyed"
)

var (
	replace sync.Once
	running atomic.Pointer[Source] // that of the cluster that runs in this process
)

// reader stands in for [rand.Reader]. Without a cluster, and for goroutines outside of virtual time, as those of a parallel
// test, it is that reader.
type reader struct{ real io.Reader }

func (r reader) Read(p []byte) (int, error) {
	if s := running.Load(); s != nil && bubble.Inside() {
		return s.read(p), nil
	}
	return r.real.Read(p)
}

// A Source generates the bytes that crypto/rand returns in one cluster.
type Source struct {
	now func() time.Duration
	key keyed.Key

	mu    sync.Mutex
	at    int64
	reads int64
}

// New returns the source of a seed. Now returns the virtual time.
func New(seed uint64, now func() time.Duration) *Source {
	return &Source{key: keyed.New(seed, "entropy"), now: now}
}

// Claim makes s the source that crypto/rand draws from, and reports whether it could. There can be only one at a time, since
// the process has one reader.
func (s *Source) Claim() bool {
	replace.Do(func() { rand.Reader = reader{rand.Reader} })
	return running.CompareAndSwap(nil, s)
}

// Release ends what [Source.Claim] began.
func (s *Source) Release() { running.CompareAndSwap(s, nil) }

// read fills p with draws that are keyed by the instant and the number of draws at it, so that they do not depend on how
// many there were before.
func (s *Source) read(p []byte) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := int64(s.now()); at != s.at {
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
