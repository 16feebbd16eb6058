package cachekv

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A tier is a shared cache as an application sees it.
type tier interface {
	name() string
	get(ctx context.Context, key string, leaseFor time.Duration) (entry, error)
	peek(ctx context.Context, node, key string) (entry, error)
	put(ctx context.Context, key string, e entry, g Guard, l life) error
	drop(ctx context.Context, d drop) error
	dropLater(after time.Duration, d drop)
	close() error
}

// An entry is what a cache returns for a key, and what a fill puts there.
type entry struct {
	row    row
	hit    bool
	lease  uint64        // to be sent with the fill; 0 if there is none
	busy   bool          // another client has the lease: try again later
	marked bool          // the replica does not have the newest version yet
	left   time.Duration // until the copy expires
	took   time.Duration // how long it took to load
}

// The requests to a cache.
type (
	get struct {
		key      string
		leaseFor time.Duration // 0 to ask for no lease
		peek     bool
	}
	put struct {
		key   string
		entry entry
		guard Guard
		life  life
	}
	drop struct {
		Key     string
		Version int // that replaces the copy; 0 if it is not known yet
		Guard   Guard
		Mark    bool // leave a mark until the replica has that version
		Applied bool // the replica has it
		Confirm bool // confirm with a message of its own, to a sender that does not wait
	}
	dropped struct { // confirms a drop
		key     string
		version int
	}
	done struct{}
)

const (
	// tombFor is how long the version of a delete is remembered: longer than any fill takes.
	tombFor = time.Minute

	// guardFor is how long a cache that has restarted rejects fills that are guarded by versions: it has lost the
	// versions of the deletes.
	guardFor = 2 * time.Second
)

// A memory is a node that is a cache. A crash loses its content.
type memory struct {
	h       *cluster.Host
	trusted time.Duration // from when on it knows all deletes that matter
	slots   map[string]*slot
	last    uint64 // lease; the first is random, so that one of another life is not mistaken for one of this
}

// A slot is what is remembered of a key. Times are those of the host's own oscillator.
type slot struct {
	row   row
	hit   bool
	fresh time.Duration // until when
	stale time.Duration // until when it may be served
	took  time.Duration

	lease      uint64
	leaseUntil time.Duration

	tomb      int // the version of the last delete
	tombUntil time.Duration

	need, applied int // the version that a delete requires of the replica, and that it has
}

func runCache(h *cluster.Host) error {
	m := &memory{h: h, slots: map[string]*slot{}, last: h.Rand().Uint64() >> 1}
	again, err := restarted(h)
	if again {
		m.trusted = h.Clock().Monotonic() + guardFor
	}
	h.Handle(m.receive)
	return err
}

// restarted reports whether the host has had another life, whose deletes are lost.
func restarted(h *cluster.Host) (bool, error) {
	again := len(h.Disk().List()) > 0
	f, err := h.Disk().Open("born")
	if err == nil {
		err = f.Sync()
	}
	if err != nil && !errors.Is(err, cluster.ErrCrashed) {
		return again, fmt.Errorf("remember the boot: %w", err)
	}
	return again, nil
}

// receive handles a request, and confirms a drop for a sender that does not wait.
func (m *memory) receive(msg cluster.Message) {
	switch body := msg.Body.(type) {
	case get:
		msg.Reply(m.get(body))
	case put:
		m.put(body)
		msg.Reply(done{})
	case drop:
		m.drop(body)
		msg.Reply(done{})
		if body.Confirm {
			m.h.Send(msg.From, dropped{body.Key, body.Version})
		}
	}
}

func (m *memory) slot(key string) *slot {
	s := m.slots[key]
	if s == nil {
		s = &slot{}
		m.slots[key] = s
	}
	return s
}

// get returns the copy of a key. If that is missing or not fresh, and a lease is requested and free, it
// grants one.
func (m *memory) get(g get) entry {
	s, now := m.slot(g.key), m.h.Clock().Monotonic()
	e := entry{row: s.row, hit: s.hit && now < s.stale, marked: s.need > s.applied, left: s.fresh - now, took: s.took}
	if g.peek || e.hit && now < s.fresh {
		return e
	}
	if g.leaseFor == 0 {
		return e
	}
	if s.lease != 0 && now < s.leaseUntil {
		e.busy = !e.hit
		return e
	}
	m.last++
	s.lease, s.leaseUntil = m.last, now+g.leaseFor
	e.lease = s.lease
	return e
}

// put fills a copy, unless the guard rejects it: without the current lease, or with a version that is older
// than the copy or the last delete.
func (m *memory) put(p put) {
	s, now := m.slot(p.key), m.h.Clock().Monotonic()
	switch p.guard {
	case Leased:
		if p.entry.lease == 0 || p.entry.lease != s.lease {
			return
		}
	case Versioned:
		if now < m.trusted || s.hit && now < s.stale && s.row.version > p.entry.row.version || now < s.tombUntil && s.tomb > p.entry.row.version {
			return
		}
	}
	s.row, s.hit, s.took, s.lease = p.entry.row, true, p.entry.took, 0
	s.fresh = now + p.life.Fresh
	s.stale = s.fresh + p.life.Stale
}

// drop deletes a copy and takes its lease back. It remembers the version, by which late fills are
// rejected.
func (m *memory) drop(d drop) {
	s, now := m.slot(d.Key), m.h.Clock().Monotonic()
	if d.Applied {
		s.applied = max(s.applied, d.Version)
	}
	if d.Mark {
		s.need = max(s.need, d.Version)
	}
	if d.Version >= s.tomb || now >= s.tombUntil {
		s.tomb, s.tombUntil = d.Version, now+tombFor
	}
	if d.Guard == Versioned && s.row.version >= d.Version && d.Version > 0 {
		return // it came late: the copy is no older
	}
	s.hit, s.lease = false, 0
}

// A nativeCache is a native cache as an application sees it.
type nativeCache struct {
	h    *cluster.Host
	node string
}

func (s *nativeCache) name() string { return s.node }

func (s *nativeCache) get(ctx context.Context, key string, leaseFor time.Duration) (entry, error) {
	return cluster.Ask[entry](ctx, s.h, s.node, get{key: key, leaseFor: leaseFor})
}

func (s *nativeCache) peek(ctx context.Context, node, key string) (entry, error) {
	return cluster.Ask[entry](ctx, s.h, node, get{key: key, peek: true})
}

func (s *nativeCache) put(ctx context.Context, key string, e entry, g Guard, l life) error {
	_, err := cluster.Ask[done](ctx, s.h, s.node, put{key, e, g, l})
	return err
}

func (s *nativeCache) drop(ctx context.Context, d drop) error {
	_, err := cluster.Ask[done](ctx, s.h, s.node, d)
	return err
}

func (s *nativeCache) dropLater(after time.Duration, d drop) {
	s.h.AfterFunc(after, func() { s.h.Send(s.node, d) })
}

func (s *nativeCache) close() error { return nil }
