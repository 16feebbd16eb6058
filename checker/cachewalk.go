package checker

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/capsize-go/capsize/history"
)

// A sighting is what a call saw of a key, and what it could have known.
type sighting struct {
	read     copyCall
	replaced *copyCall // the first write of a newer version that had been acknowledged; nil if the read is fresh
	newest   *copyCall // the newest that had been; nil if the read is fresh
	back     *copyCall // a newer version that its process had read; nil if there is none
	own      *copyCall // a newer version that its process had written; nil if there is none
	quiet    bool      // the last write of the key had come to an end
}

// age returns how long what was read had been replaced when the read began.
func (g sighting) age() time.Duration { return g.read.Invoke.Time - g.replaced.Complete.Time }

// walkFresh calls look for the answered calls of an f, in the order in which they began.
func walkFresh(calls []copyCall, f string, look func(g sighting)) {
	w := freshWalk{keys: map[string]*freshKey{}, sessions: map[sessionKey]*sessionSight{}}
	for i := range calls {
		w.plan(&calls[i])
	}
	slices.SortFunc(w.acks, func(a, b *copyCall) int { return cmp.Compare(a.Returned(), b.Returned()) })
	for i := range calls {
		c := &calls[i]
		w.acknowledge(c.Invoke.Index)
		if c.in.F == f && c.answered() {
			look(w.look(c))
		}
		w.session(c).learn(c, f)
	}
}

// A freshWalk goes over the calls of a history in the order in which they began.
type freshWalk struct {
	acks     []*copyCall // writes in the order in which they were acknowledged, from the next on
	keys     map[string]*freshKey
	sessions map[sessionKey]*sessionSight
}

// A freshKey is what has been acknowledged of a key.
type freshKey struct {
	newer []*copyCall // writes that brought a version newer than all before
	quiet int         // the index from which on no write is under way
}

type sessionKey struct {
	process int
	key     string
}

// A sessionSight is the newest that a process knows of a key.
type sessionSight struct{ read, written *copyCall }

// plan takes note of a write that is to come.
func (w *freshWalk) plan(c *copyCall) {
	k := w.keys[c.in.Key]
	if k == nil {
		k = &freshKey{}
		w.keys[c.in.Key] = k
	}
	if c.in.F != "write" {
		return
	}
	if c.answered() {
		w.acks = append(w.acks, c)
	}
	if c.Complete.Index < 0 {
		k.quiet = never
	}
	k.quiet = max(k.quiet, c.Complete.Index)
}

// acknowledge moves on to the op of that index.
func (w *freshWalk) acknowledge(index int) {
	for len(w.acks) > 0 && w.acks[0].Complete.Index < index {
		c := w.acks[0]
		w.acks = w.acks[1:]
		k := w.keys[c.in.Key]
		if n := len(k.newer); n == 0 || k.newer[n-1].out.Version < c.out.Version {
			k.newer = append(k.newer, c)
		}
	}
}

func (w *freshWalk) session(c *copyCall) *sessionSight {
	at := sessionKey{c.Invoke.Process, c.in.Key}
	s := w.sessions[at]
	if s == nil {
		s = &sessionSight{}
		w.sessions[at] = s
	}
	return s
}

// look compares what a read saw to what it could have known.
func (w *freshWalk) look(c *copyCall) sighting {
	k, s := w.keys[c.in.Key], w.session(c)
	g := sighting{read: *c, quiet: c.Invoke.Index > k.quiet}
	if c.out.Missing {
		return g
	}
	first := sort.Search(len(k.newer), func(i int) bool { return k.newer[i].out.Version > c.out.Version })
	if first < len(k.newer) {
		g.replaced, g.newest = k.newer[first], k.newer[len(k.newer)-1]
	}
	if s.read != nil && s.read.out.Version > c.out.Version {
		g.back = s.read
	}
	if s.written != nil && s.written.out.Version > c.out.Version {
		g.own = s.written
	}
	return g
}

// learn adds what a call told its process.
func (s *sessionSight) learn(c *copyCall, f string) {
	switch {
	case !c.answered():
	case c.in.F == "write" && (s.written == nil || s.written.out.Version < c.out.Version):
		s.written = c
	case c.in.F == f && !c.out.Missing && (s.read == nil || s.read.out.Version < c.out.Version):
		s.read = c
	}
}

// why is the counter-example: the write, the read, and if one is known, the read whose load brought the old version
// while the write was under way or after it, for context. A load that was joined is from before the write was acknowledged, or it
// would have brought more.
func (g sighting) why(calls []copyCall) *Why {
	reason := fmt.Sprintf("process %d read v%d%s, though v%d had been acknowledged to process %d %s before", g.read.Invoke.Process,
		g.read.out.Version, on(g.read.in.Key), g.replaced.out.Version, g.replaced.Invoke.Process, short(g.age()))
	shown := []copyCall{*g.replaced, g.read}
	late, joined := g.filledBy(calls), g.read.out.Joined
	if late != nil {
		shown = append(shown, *late)
	}
	switch {
	case late != nil && joined:
		reason += fmt.Sprintf("; it joined a load of process %d from before the write", late.Invoke.Process)
	case late != nil:
		who := fmt.Sprintf("process %d", late.Invoke.Process)
		if late.Invoke.Process == g.read.Invoke.Process {
			who = "it"
		}
		reason += fmt.Sprintf("; %s had loaded that before the write, and filled it in after", who)
	case joined:
		reason += "; it joined a load from before the write"
	}
	w := g.whyOf(reason, len(calls), shown...)
	if late != nil {
		w.Core = slices.DeleteFunc([]int{0, 1, 2}, func(i int) bool { return w.Calls[i].Invoke.Index == late.Invoke.Index })
	}
	return w
}

// filledBy returns the last read that loaded what the stale read saw, if it was under way when the write was
// acknowledged: a late fill, or a load that the stale read joined.
func (g sighting) filledBy(calls []copyCall) (fill *copyCall) {
	ack := g.replaced.Complete.Index
	for i := range calls {
		c := &calls[i]
		switch {
		case c.Invoke.Index > ack:
			return fill
		case c.answered() && c.in.F == "read" && c.in.Key == g.read.in.Key && c.out.Loads > 0 && c.out.Version == g.read.out.Version &&
			c.Complete.Index > ack && (c.Complete.Index < g.read.Complete.Index || g.read.out.Joined):
			fill = c
		}
	}
	return fill
}

func (g sighting) sessionWhy(of int) *Why {
	if g.own != nil {
		return g.whyOf(fmt.Sprintf("process %d read v%d%s after it had written v%d itself", g.read.Invoke.Process, g.read.out.Version,
			on(g.read.in.Key), g.own.out.Version), of, *g.own, g.read)
	}
	return g.whyOf(fmt.Sprintf("process %d read v%d%s after it had read v%d", g.read.Invoke.Process, g.read.out.Version,
		on(g.read.in.Key), g.back.out.Version), of, *g.back, g.read)
}

func (g sighting) whyOf(reason string, of int, calls ...copyCall) *Why {
	bare := bareCalls(calls...)
	slices.SortStableFunc(bare, func(a, b history.Call) int { return cmp.Compare(a.Invoke.Index, b.Invoke.Index) })
	culprit := slices.IndexFunc(bare, func(c history.Call) bool { return c.Invoke.Index == g.read.Invoke.Index })
	return &Why{Key: g.read.in.Key, Reason: reason, Calls: bare, Culprit: culprit, Of: of}
}
