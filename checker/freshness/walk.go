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

// A cacheCall is a call as a walk needs it.
type cacheCall struct {
	inv, end     int // indexes of its ops; end is -1 if it never completed
	begun, ended time.Duration
	process      int
	key          string
	version      int
	effect       callEffect
	answered     bool
	coalesced    bool
	missing      bool
	loads        bool // it read the database
}

// A callEffect says whether a call reads or writes.
type callEffect uint8

const (
	noEffect callEffect = iota
	writes
	reads // a read; or a peek, if peeks are judged
)

// cacheCalls returns the calls of a history. Those with function f are the reads.
func cacheCalls(h *history.History, f string) ([]cacheCall, error) {
	all := make([]cacheCall, 0, h.Len()/2)
	err := eachCopy(h, func(c *copyCall) {
		t := cacheCall{inv: c.Invoke.Index, end: c.Complete.Index, begun: c.Invoke.Time, ended: c.Complete.Time, process: c.Invoke.Process, key: c.in.Key,
			version: c.out.Version, answered: c.answered(), coalesced: c.out.Coalesced, missing: c.out.Missing, loads: c.out.Loads > 0 && c.in.F == "read"}
		switch c.in.F {
		case "write":
			t.effect = writes
		case f:
			t.effect = reads
		}
		all = append(all, t)
	})
	return all, err
}

// An observation is a read, and the newer versions that it missed.
type observation struct {
	read           *cacheCall
	replaced       *cacheCall // the first write of a newer version that had been acknowledged; nil if the read is fresh
	newest         *cacheCall // the newest acknowledged write; nil if the read is fresh
	newerRead      *cacheCall // a newer version that its process had read; nil if there is none
	newerWritten   *cacheCall // a newer version that its process had written; nil if there is none
	afterLastWrite bool       // the last write of the key had ended
}

// age returns how long the version had been replaced when the read began.
func (g observation) age() time.Duration { return g.read.begun - g.replaced.ended }

// copied returns a copy on the heap. Observations are passed by value, so that most need no memory there.
func (g observation) copied() *observation { return &g }

// observeAll calls see for the reads that returned, in the order in which they began.
func observeAll(calls []cacheCall, see func(g observation)) {
	w := walk{keys: map[string]*keyAcks{}, sessions: map[sessionKey]*sessionNewest{}}
	for i := range calls {
		w.addWrite(&calls[i])
	}
	slices.SortFunc(w.acks, func(a, b *cacheCall) int { return cmp.Compare(a.end, b.end) })
	for i := range calls {
		c := &calls[i]
		w.advance(c.inv)
		if c.effect == reads && c.answered {
			see(w.observe(c))
		}
		w.newestOf(c).learn(c)
	}
}

// A walk visits the calls of a history in the order in which they began.
type walk struct {
	acks     []*cacheCall // writes that are still to be acknowledged, in the order in which they are
	keys     map[string]*keyAcks
	sessions map[sessionKey]*sessionNewest
}

// A keyAcks is the acknowledged writes of a key.
type keyAcks struct {
	newer   []*cacheCall // writes that brought a version newer than all before
	lastEnd int          // index of the op with which its last write ends
}

type sessionKey struct {
	process int
	key     string
}

// A sessionNewest is the newest versions of a key that a process has read and written.
type sessionNewest struct{ read, written *cacheCall }

// addWrite adds the key of a call, and the call if it is a write.
func (w *walk) addWrite(c *cacheCall) {
	k := w.keys[c.key]
	if k == nil {
		k = &keyAcks{}
		w.keys[c.key] = k
	}
	if c.effect != writes {
		return
	}
	if c.answered {
		w.acks = append(w.acks, c)
	}
	if c.end < 0 {
		k.lastEnd = model.Never
	}
	k.lastEnd = max(k.lastEnd, c.end)
}

// advance acknowledges all writes that ended before the op of that index.
func (w *walk) advance(index int) {
	for len(w.acks) > 0 && w.acks[0].end < index {
		c := w.acks[0]
		w.acks = w.acks[1:]
		k := w.keys[c.key]
		if n := len(k.newer); n == 0 || k.newer[n-1].version < c.version {
			k.newer = append(k.newer, c)
		}
	}
}

// newestOf returns the newest versions that the process of a call knows of its key.
func (w *walk) newestOf(c *cacheCall) *sessionNewest {
	at := sessionKey{c.process, c.key}
	s := w.sessions[at]
	if s == nil {
		s = &sessionNewest{}
		w.sessions[at] = s
	}
	return s
}

// observe compares the version of a read to those acknowledged, and to those that its process knows.
func (w *walk) observe(c *cacheCall) observation {
	k, s := w.keys[c.key], w.newestOf(c)
	g := observation{read: c, afterLastWrite: c.inv > k.lastEnd}
	if c.missing {
		return g
	}
	first := sort.Search(len(k.newer), func(i int) bool { return k.newer[i].version > c.version })
	if first < len(k.newer) {
		g.replaced, g.newest = k.newer[first], k.newer[len(k.newer)-1]
	}
	if s.read != nil && s.read.version > c.version {
		g.newerRead = s.read
	}
	if s.written != nil && s.written.version > c.version {
		g.newerWritten = s.written
	}
	return g
}

// learn adds the version of a call to those that its process knows.
func (s *sessionNewest) learn(c *cacheCall) {
	switch {
	case !c.answered:
	case c.effect == writes && (s.written == nil || s.written.version < c.version):
		s.written = c
	case c.effect == reads && !c.missing && (s.read == nil || s.read.version < c.version):
		s.read = c
	}
}

// why is the counterexample: the write, the read, and if one is known, the read whose load brought the old version
// while the write was pending or after it, for context. A coalesced load is from before the write was acknowledged, or its
// version would be newer.
func (g observation) why(h *history.History, calls []cacheCall) *checker.Counterexample {
	reason := fmt.Sprintf("process %d read v%d%s, though v%d had been acknowledged to process %d %s before", g.read.process,
		g.read.version, words.On(g.read.key), g.replaced.version, g.replaced.process, words.Duration(g.age()))
	late, joined := g.filledBy(calls), g.read.coalesced
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
		return g.counterexampleOf(h, reason, g.replaced, g.read)
	}
	w := g.counterexampleOf(h, reason, g.replaced, g.read, late)
	w.Core = slices.DeleteFunc([]int{0, 1, 2}, func(i int) bool { return w.Calls[i].Invoke.Index == late.inv })
	return w
}

// filledBy returns the last read that loaded the stale version, if it was pending when the write was
// acknowledged: a stale fill, or a load with which the stale read was coalesced.
func (g observation) filledBy(calls []cacheCall) (fill *cacheCall) {
	ack := g.replaced.end
	for i := range calls {
		c := &calls[i]
		switch {
		case c.inv > ack:
			return fill
		case c.answered && c.loads && c.key == g.read.key && c.version == g.read.version && c.end > ack && (c.end < g.read.end || g.read.coalesced):
			fill = c
		}
	}
	return fill
}

// sessionWhy returns the counterexample for a read that is older than what its process knew.
func (g observation) sessionWhy(h *history.History) *checker.Counterexample {
	if g.newerWritten != nil {
		return g.counterexampleOf(h, fmt.Sprintf("process %d read v%d%s after it had written v%d itself", g.read.process, g.read.version,
			words.On(g.read.key), g.newerWritten.version), g.newerWritten, g.read)
	}
	return g.counterexampleOf(h, fmt.Sprintf("process %d read v%d%s after it had read v%d", g.read.process, g.read.version,
		words.On(g.read.key), g.newerRead.version), g.newerRead, g.read)
}

// counterexampleOf returns a counterexample of these calls. The read is the call to blame.
func (g observation) counterexampleOf(h *history.History, reason string, shown ...*cacheCall) *checker.Counterexample {
	slices.SortStableFunc(shown, func(a, b *cacheCall) int { return cmp.Compare(a.inv, b.inv) })
	w := &checker.Counterexample{Key: g.read.key, Reason: reason, Blamed: slices.Index(shown, g.read), Judged: h.Len() / 2}
	for _, c := range shown {
		w.Calls = append(w.Calls, history.Call{Invoke: h.At(c.inv), Complete: h.At(c.end)})
	}
	return w
}
