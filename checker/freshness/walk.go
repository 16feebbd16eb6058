package freshness

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// A track is what a walk has to know of a call.
type track struct {
	inv, end     int // indexes of its ops; end is -1 if it never completed
	begun, ended time.Duration
	process      int
	key          string
	version      int
	does         doing
	answered     bool
	joined       bool
	missing      bool
	loads        bool // it went to the database
}

// A doing is what a call does to copies.
type doing uint8

const (
	otherwise doing = iota
	writes
	looks // a read, or a peek if those are looked for
)

// tracks returns the calls of a history. An f is what looks.
func tracks(h *history.History, f string) ([]track, error) {
	all := make([]track, 0, h.Len()/2)
	err := eachCopy(h, func(c *copyCall) {
		t := track{inv: c.Invoke.Index, end: c.Complete.Index, begun: c.Invoke.Time, ended: c.Complete.Time, process: c.Invoke.Process, key: c.in.Key,
			version: c.out.Version, answered: c.answered(), joined: c.out.Joined, missing: c.out.Missing, loads: c.out.Loads > 0 && c.in.F == "read"}
		switch c.in.F {
		case "write":
			t.does = writes
		case f:
			t.does = looks
		}
		all = append(all, t)
	})
	return all, err
}

// A sighting is what a call saw of a key, and what it could have known.
type sighting struct {
	read     *track
	replaced *track // the first write of a newer version that had been acknowledged; nil if the read is fresh
	newest   *track // the newest that had been; nil if the read is fresh
	back     *track // a newer version that its process had read; nil if there is none
	own      *track // a newer version that its process had written; nil if there is none
	quiet    bool   // the last write of the key had come to an end
}

// age returns how long what was read had been replaced when the read began.
func (g sighting) age() time.Duration { return g.read.begun - g.replaced.ended }

// kept returns a copy that outlives the walk; to point to each sighting would cost memory for each.
func (g sighting) kept() *sighting { return &g }

// walkFresh calls see for the calls that look and were answered, in the order in which they began.
func walkFresh(calls []track, see func(g sighting)) {
	w := freshWalk{keys: map[string]*freshKey{}, sessions: map[sessionKey]*sessionSight{}}
	for i := range calls {
		w.plan(&calls[i])
	}
	slices.SortFunc(w.acks, func(a, b *track) int { return cmp.Compare(a.end, b.end) })
	for i := range calls {
		c := &calls[i]
		w.acknowledge(c.inv)
		if c.does == looks && c.answered {
			see(w.look(c))
		}
		w.session(c).learn(c)
	}
}

// A freshWalk goes over the calls of a history in the order in which they began.
type freshWalk struct {
	acks     []*track // writes in the order in which they were acknowledged, from the next on
	keys     map[string]*freshKey
	sessions map[sessionKey]*sessionSight
}

// A freshKey is what has been acknowledged of a key.
type freshKey struct {
	newer []*track // writes that brought a version newer than all before
	quiet int      // the index from which on no write is under way
}

type sessionKey struct {
	process int
	key     string
}

// A sessionSight is the newest that a process knows of a key.
type sessionSight struct{ read, written *track }

// plan takes note of a write that is to come.
func (w *freshWalk) plan(c *track) {
	k := w.keys[c.key]
	if k == nil {
		k = &freshKey{}
		w.keys[c.key] = k
	}
	if c.does != writes {
		return
	}
	if c.answered {
		w.acks = append(w.acks, c)
	}
	if c.end < 0 {
		k.quiet = model.Never
	}
	k.quiet = max(k.quiet, c.end)
}

// acknowledge moves on to the op of that index.
func (w *freshWalk) acknowledge(index int) {
	for len(w.acks) > 0 && w.acks[0].end < index {
		c := w.acks[0]
		w.acks = w.acks[1:]
		k := w.keys[c.key]
		if n := len(k.newer); n == 0 || k.newer[n-1].version < c.version {
			k.newer = append(k.newer, c)
		}
	}
}

func (w *freshWalk) session(c *track) *sessionSight {
	at := sessionKey{c.process, c.key}
	s := w.sessions[at]
	if s == nil {
		s = &sessionSight{}
		w.sessions[at] = s
	}
	return s
}

// look compares what a read saw to what it could have known.
func (w *freshWalk) look(c *track) sighting {
	k, s := w.keys[c.key], w.session(c)
	g := sighting{read: c, quiet: c.inv > k.quiet}
	if c.missing {
		return g
	}
	first := sort.Search(len(k.newer), func(i int) bool { return k.newer[i].version > c.version })
	if first < len(k.newer) {
		g.replaced, g.newest = k.newer[first], k.newer[len(k.newer)-1]
	}
	if s.read != nil && s.read.version > c.version {
		g.back = s.read
	}
	if s.written != nil && s.written.version > c.version {
		g.own = s.written
	}
	return g
}

// learn adds what a call told its process.
func (s *sessionSight) learn(c *track) {
	switch {
	case !c.answered:
	case c.does == writes && (s.written == nil || s.written.version < c.version):
		s.written = c
	case c.does == looks && !c.missing && (s.read == nil || s.read.version < c.version):
		s.read = c
	}
}

// why is the counterexample: the write, the read, and if one is known, the read whose load brought the old version
// while the write was under way or after it, for context. A load that was joined is from before the write was acknowledged, or it
// would have brought more.
func (g sighting) why(h *history.History, calls []track) *checker.Why {
	reason := fmt.Sprintf("process %d read v%d%s, though v%d had been acknowledged to process %d %s before", g.read.process,
		g.read.version, words.On(g.read.key), g.replaced.version, g.replaced.process, words.Duration(g.age()))
	late, joined := g.filledBy(calls), g.read.joined
	switch {
	case late != nil && joined:
		reason += fmt.Sprintf("; it joined a load of process %d from before the write", late.process)
	case late != nil:
		who := fmt.Sprintf("process %d", late.process)
		if late.process == g.read.process {
			who = "it"
		}
		reason += fmt.Sprintf("; %s had loaded that before the write, and filled it in after", who)
	case joined:
		reason += "; it joined a load from before the write"
	}
	if late == nil {
		return g.whyOf(h, reason, g.replaced, g.read)
	}
	w := g.whyOf(h, reason, g.replaced, g.read, late)
	w.Core = slices.DeleteFunc([]int{0, 1, 2}, func(i int) bool { return w.Calls[i].Invoke.Index == late.inv })
	return w
}

// filledBy returns the last read that loaded what the stale read saw, if it was under way when the write was
// acknowledged: a late fill, or a load that the stale read joined.
func (g sighting) filledBy(calls []track) (fill *track) {
	ack := g.replaced.end
	for i := range calls {
		c := &calls[i]
		switch {
		case c.inv > ack:
			return fill
		case c.answered && c.loads && c.key == g.read.key && c.version == g.read.version && c.end > ack && (c.end < g.read.end || g.read.joined):
			fill = c
		}
	}
	return fill
}

func (g sighting) sessionWhy(h *history.History) *checker.Why {
	if g.own != nil {
		return g.whyOf(h, fmt.Sprintf("process %d read v%d%s after it had written v%d itself", g.read.process, g.read.version,
			words.On(g.read.key), g.own.version), g.own, g.read)
	}
	return g.whyOf(h, fmt.Sprintf("process %d read v%d%s after it had read v%d", g.read.process, g.read.version,
		words.On(g.read.key), g.back.version), g.back, g.read)
}

func (g sighting) whyOf(h *history.History, reason string, shown ...*track) *checker.Why {
	slices.SortStableFunc(shown, func(a, b *track) int { return cmp.Compare(a.inv, b.inv) })
	w := &checker.Why{Key: g.read.key, Reason: reason, Culprit: slices.Index(shown, g.read), Of: h.Len() / 2}
	for _, c := range shown {
		w.Calls = append(w.Calls, history.Call{Invoke: h.At(c.inv), Complete: h.At(c.end)})
	}
	return w
}
