// Package entropy has crypto/rand return draws of a simulation. Libraries draw their own randomness: etcd's raft takes its election
// timeouts from crypto/rand. While a source has claimed that reader, goroutines of virtual time get draws from it that are keyed by
// the instant and the number of draws at that instant.
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
	replaced sync.Once
	current  atomic.Pointer[Source] // the source that has claimed the reader
)

// reader stands in for [rand.Reader]. Without a source, and for goroutines outside of
// virtual time, as those of a parallel test, it is that reader.
type reader struct{ real io.Reader }

func (r reader) Read(p []byte) (int, error) {
	if s := current.Load(); s != nil && bubble.Inside() {
		return s.read(p), nil
	}
	return r.real.Read(p)
}

// A Source generates the bytes that crypto/rand returns in one simulation.
type Source struct {
	now   func() time.Duration
	mu    sync.Mutex
	key   keyed.Key
	at    int64
	reads int64
}

// New returns a source of draws with this key; now returns the virtual time.
func New(key keyed.Key, now func() time.Duration) *Source { return &Source{key: key, now: now} }

// Claim makes crypto/rand draw from s, and reports whether it could: there can be only one source at a time, since the
// process has one reader.
func (s *Source) Claim() bool {
	replaced.Do(func() { rand.Reader = reader{rand.Reader} })
	return current.CompareAndSwap(nil, s)
}

// Release ends the claim, if s has it.
func (s *Source) Release() { current.CompareAndSwap(s, nil) }

// read fills p with draws that are keyed by the instant and the number of draws at it, so
// that they do not depend on how many there were before.
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
