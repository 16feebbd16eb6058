package consistency

import (
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// ReadYourWrites returns a checker for the session guarantee that a read sees what
// its session wrote before, or something newer (Terry and others, Session
// Guarantees for Weakly Consistent Replicated Data, 1994).
//
// A session is a process. The versions of a key have an order for each session,
// which begins with the initial value and keeps the known order of the writes of each
// session. The guarantee says of some versions that they are older than what a read
// saw: here, all that its session had written. A history is valid if no version is older than
// itself. Written values must be unique.
//
// It takes O(n).
func ReadYourWrites[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return ruleChecker(view.Erase(m), readYourWrites)
}

// MonotonicReads returns a checker for the session guarantee that a read sees what its
// session saw before, or something newer. See [ReadYourWrites] for what newer means,
// and for the source. It takes O(n).
func MonotonicReads[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return ruleChecker(view.Erase(m), monotonicReads)
}

// MonotonicWrites returns a checker for the session guarantee that writes are seen in
// the order of their session: a session that has read a value then sees, on any key, what the
// writer of that value wrote before it, or something newer. See [ReadYourWrites] for
// what newer means, and for the source. It takes O(n + p) for p calls that precede, in
// other sessions, what a session saw: O(n k) at most with k sessions.
func MonotonicWrites[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return ruleChecker(view.Erase(m), monotonicWrites)
}

// WritesFollowReads returns a checker for the session guarantee that a write is seen
// after what its session had read: a session that has read a value then sees, on any key, what
// the writer of that value had read before, or something newer. See [ReadYourWrites]
// for what newer means, and for the source. It costs what [MonotonicWrites] does.
func WritesFollowReads[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return ruleChecker(view.Erase(m), writesFollowReads)
}

// MonotonicPerKey returns a checker of whether, on each key alone, no session goes back:
// it reads its own writes and those of others in one order that keeps the order of
// every session (Hutto and Ahamad, Slow Memory, 1990). It is the conjunction of [MonotonicReads] and
// [ReadYourWrites]. It takes O(n).
func MonotonicPerKey[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return ruleChecker(view.Erase(m), monotonicPerKey)
}

// A guarantee says which versions are older than what a session's next read sees.
type guarantee struct {
	own     bool // what the session wrote
	read    bool // what it read
	wrote   bool // what the writers of what it read had written before
	follow  bool // what the writers of what it read had read before
	ordered bool // whether its own writes must be newer as well
}

var (
	readYourWrites    = guarantee{own: true}.rule("read-your-writes", "read what their sessions wrote")
	monotonicReads    = guarantee{read: true}.rule("monotonic-reads", "never read what is older than what their sessions read before")
	monotonicWrites   = guarantee{wrote: true}.rule("monotonic-writes", "show the writes of each session in their order")
	writesFollowReads = guarantee{follow: true}.rule("writes-follow-reads", "show writes after what their sessions had read")
	monotonicPerKey   = guarantee{own: true, read: true, ordered: true}.rule("monotonic", "never go back on a key")
)

func (g guarantee) rule(name, kept string) rule {
	return rule{name: name, holds: kept, find: func(_ *budget.Meter, l *sessionHistory) (*violation, error) {
		return g.find(l), nil
	}}
}

// A sessionSweep follows one session after the other. For each it keeps the required versions:
// those that what it reads next must not be older than.
//
// They only grow, and on the chain of one session's writes to a key they are all versions from the
// start up to some rank. So there is no order of the versions in two cases only:
// a read sees a version while a later one of its chain is required; or it sees one that was required
// when another was read, which is now required itself.
//
// All times are calls. Slots are stamped with the session, so that none needs to be cleared.
type sessionSweep struct {
	guarantee
	l           *sessionHistory
	session     int32
	slots       []int32        // by chain: the slot of its first version; the others follow
	required    stamped        // by slot: when a version became required
	seen        stamped        // by slot: when a version was read last
	top         stamped        // the highest required rank of a chain
	anyRequired stamped        // some required version of a key
	latest      stamped        // the required version of a key that was read last
	second      stamped        // the one that was read last before it
	entered     stamped        // how many calls of a session have had their effects required
	effects     [][]chainPlace // by session: the version that each call makes required for those that see its effects
}

// A chainPlace is a version and its place on a chain, or on none.
type chainPlace struct{ chain, rank, key, version int32 }

func (l *sessionHistory) chainPlace(v int32) chainPlace {
	x := &l.versions[v]
	return chainPlace{x.chain, x.rank, x.key, v}
}

// A stamped holds numbers that count for one session only.
type stamped []struct{ value, stamp int32 }

func stamps(n int) stamped {
	s := make(stamped, n)
	for i := range s {
		s[i].stamp = model.None
	}
	return s
}

func (s stamped) get(i, session int32) int32 {
	if s[i].stamp != session {
		return model.None
	}
	return s[i].value
}

func (s stamped) set(i, session, v int32) { s[i].value, s[i].stamp = v, session }

// A sessionConflict is a call that saw, on its key, a version older than a required one.
type sessionConflict struct {
	call, newer int32 // the call, and a required version that is newer than what it saw
	put         bool  // whether what the call put is older, and not what it saw
	reread      bool  // whether newer was read after what the call saw had become required
}

func (g guarantee) sweep(l *sessionHistory) *sessionSweep {
	w := &sessionSweep{guarantee: g, l: l, required: stamps(len(l.calls)), top: stamps(len(l.chains)), slots: chainSlots(l),
		seen: stamps(len(l.calls)), anyRequired: stamps(len(l.keys)), latest: stamps(len(l.keys)), second: stamps(len(l.keys))}
	if g.wrote || g.follow {
		w.entered, w.effects = stamps(len(l.sessions)), g.effects(l)
	}
	return w
}

// chainSlots gives the versions of each chain numbers in a row.
func chainSlots(l *sessionHistory) []int32 {
	at, n := make([]int32, len(l.chains)), int32(0)
	for c := range l.chains {
		at[c] = n
		n += int32(len(l.chains[c]))
	}
	return at
}

// effects returns, by session, the version that each call makes required for those that see its effects. They
// are in the order of sessions, since they are read again for each session that sees them.
func (g guarantee) effects(l *sessionHistory) [][]chainPlace {
	all := make([]chainPlace, 0, len(l.calls))
	by := make([][]chainPlace, len(l.sessions))
	for s := range l.sessions {
		from := len(all)
		for _, i := range l.sessions[s].calls {
			x := chainPlace{chain: model.None}
			if t := &l.calls[i]; g.wrote && t.put != model.None {
				x = l.chainPlace(t.put)
			} else if g.follow && t.observes() {
				x = l.chainPlace(t.saw)
			}
			all = append(all, x)
		}
		by[s] = all[from:]
	}
	return by
}

// slot returns the slot of a version that has a writer.
func (w *sessionSweep) slot(v int32) int32 {
	x := &w.l.versions[v]
	return w.slots[x.chain] + x.rank
}

// requiredSince returns when a version became required, or None.
func (w *sessionSweep) requiredSince(v int32) int32 {
	if w.l.versions[v].chain == model.None {
		return model.None
	}
	return w.required.get(w.slot(v), w.session)
}

// lastAccess returns when the session read or wrote a version last, or None.
func (w *sessionSweep) lastAccess(v int32) int32 { return w.seen.get(w.slot(v), w.session) }

// find returns the violation that returns first.
func (g guarantee) find(l *sessionHistory) *violation {
	w := g.sweep(l)
	first := sessionConflict{call: model.None}
	var calls []int32
	for s := range l.sessions {
		if x := w.run(int32(s)); x.call != model.None && (first.call == model.None || l.calls[x.call].Ret < l.calls[first.call].Ret) {
			first, calls = x, w.involved(x)
		}
	}
	if first.call == model.None {
		return nil
	}
	again := func(p *sessionHistory) *violation {
		w := g.sweep(p)
		for s := range p.sessions {
			if x := w.run(int32(s)); x.call != model.None {
				return &violation{blamed: x.call, key: p.calls[x.call].key, reason: w.reason(x)}
			}
		}
		return nil
	}
	return l.minimise(calls, again)
}

// run follows a session up to the first call that violates the guarantee.
func (w *sessionSweep) run(s int32) sessionConflict {
	w.session = s
	for _, i := range w.l.sessions[s].calls {
		t := &w.l.calls[i]
		if t.observes() {
			if x := w.read(i, t.saw); x.call != model.None {
				return x
			}
			w.learn(i, t.saw)
		}
		if t.put != model.None && w.ordered && t.Known {
			if x := w.write(i, t.put); x.call != model.None {
				return x
			}
		}
		if t.put != model.None && w.own {
			w.require(i, t.put)
		}
	}
	return sessionConflict{call: model.None}
}

// read judges a call by the version it saw.
func (w *sessionSweep) read(i, v int32) sessionConflict {
	l, s := w.l, w.session
	x := &l.versions[v]
	if x.initial {
		if d := w.anyRequired.get(x.key, s); d != model.None {
			return sessionConflict{call: i, newer: d}
		}
		return sessionConflict{call: model.None}
	}
	if top := w.top.get(x.chain, s); top > x.rank {
		return sessionConflict{call: i, newer: l.calls[l.chains[x.chain][top]].put}
	}
	since := w.requiredSince(v)
	if since == model.None {
		w.seen.set(w.slot(v), s, i)
		return sessionConflict{call: model.None}
	}
	c := w.latest.get(x.key, s)
	if c == v {
		c = w.second.get(x.key, s)
	}
	if c != model.None && w.lastAccess(c) > since {
		return sessionConflict{call: i, newer: c, reread: true}
	}
	w.seen.set(w.slot(v), s, i)
	w.noteRead(v)
	return sessionConflict{call: model.None}
}

// write judges a call by the version it put, as if it had seen it.
func (w *sessionSweep) write(i, v int32) sessionConflict {
	if w.requiredSince(v) != model.None {
		return sessionConflict{call: i, newer: v, put: true}
	}
	x := &w.l.versions[v]
	if top := w.top.get(x.chain, w.session); top > x.rank {
		return sessionConflict{call: i, newer: w.l.calls[w.l.chains[x.chain][top]].put, put: true}
	}
	w.seen.set(w.slot(v), w.session, i)
	return sessionConflict{call: model.None}
}

// noteRead keeps the two required versions of a key that were read last.
func (w *sessionSweep) noteRead(v int32) {
	k, s := w.l.versions[v].key, w.session
	first := w.latest.get(k, s)
	switch {
	case first == v:
		return
	case first == model.None:
		w.latest.set(k, s, v)
		return
	}
	if w.lastAccess(v) > w.lastAccess(first) {
		w.latest.set(k, s, v)
		w.second.set(k, s, first)
		return
	}
	if second := w.second.get(k, s); second == model.None || w.lastAccess(v) > w.lastAccess(second) {
		w.second.set(k, s, v)
	}
}

// require makes a version required from call i on.
func (w *sessionSweep) require(i, v int32) {
	s, x := w.session, &w.l.versions[v]
	if x.writer == model.None || w.requiredSince(v) != model.None {
		return
	}
	w.required.set(w.slot(v), s, i)
	if w.top.get(x.chain, s) < x.rank {
		w.top.set(x.chain, s, x.rank)
	}
	w.anyRequired.set(x.key, s, v)
	if w.lastAccess(v) != model.None {
		w.noteRead(v)
	}
}

// learn requires what follows from a read of v: v itself, and what its writer's session did before.
func (w *sessionSweep) learn(i, v int32) {
	if w.requiresRead(v) {
		w.require(i, v)
	}
	u := w.l.versions[v].writer
	if u == model.None || !w.wrote && !w.follow {
		return
	}
	t := &w.l.calls[u]
	w.enter(i, t.session, t.index)
	if x := w.effects[t.session][t.index]; w.follow && x.chain != model.None {
		w.requireUpTo(i, x)
	}
}

func (w *sessionSweep) requiresRead(v int32) bool {
	return w.guarantee.read && !w.l.versions[v].initial
}

// enter requires the effects of the calls of a session before an index.
func (w *sessionSweep) enter(i, session, place int32) {
	if up := w.l.sessions[session].parent; up != model.None {
		w.enter(i, w.l.calls[up].session, w.l.calls[up].index+1)
	}
	from := max(0, w.entered.get(session, w.session))
	if from >= place {
		return
	}
	for _, x := range w.effects[session][from:place] {
		if x.chain != model.None {
			w.requireUpTo(i, x)
		}
	}
	w.entered.set(session, w.session, place)
}

// requireUpTo requires a version, and all before it in its chain.
func (w *sessionSweep) requireUpTo(i int32, x chainPlace) {
	s, top := w.session, w.top.get(x.chain, w.session)
	if top >= x.rank {
		return
	}
	for r := top + 1; r <= x.rank; r++ {
		at := w.slots[x.chain] + r
		w.required.set(at, s, i)
		if w.seen.get(at, s) != model.None {
			w.noteRead(w.l.calls[w.l.chains[x.chain][r]].put)
		}
	}
	w.top.set(x.chain, s, x.rank)
	w.anyRequired.set(x.key, s, x.version)
}

// involved returns the calls that a conflict consists of, and perhaps some more.
func (w *sessionSweep) involved(x sessionConflict) []int32 {
	l := w.l
	calls := []int32{x.call}
	add := func(v int32) { // a version, and why it is required
		calls = append(calls, l.versions[v].writer)
		since := w.requiredSince(v)
		if since == model.None {
			return
		}
		calls = append(calls, since)
		u := l.calls[since].saw
		if u == model.None || l.versions[u].writer == model.None {
			return
		}
		calls = append(calls, l.versions[u].writer)
		if w.follow {
			calls = append(calls, w.reader(l.versions[u].writer, v)...)
		}
	}
	t := &l.calls[x.call]
	if t.saw != model.None {
		add(t.saw)
	}
	add(x.newer)
	if x.reread {
		calls = append(calls, w.lastAccess(x.newer))
	}
	return calls
}

// reader returns the first call, up to a write of the same session, that saw a
// version or a later one of its chain, with the writer of what it saw.
func (w *sessionSweep) reader(write, v int32) []int32 {
	l, x := w.l, &w.l.versions[v]
	for j := write; j != model.None; j = l.calls[j].prev {
		t := &l.calls[j]
		if t.observes() && l.versions[t.saw].chain == x.chain && l.versions[t.saw].rank >= x.rank {
			return []int32{j, l.versions[t.saw].writer}
		}
	}
	return nil
}

// reason says in one sentence what the conflict is.
func (w *sessionSweep) reason(x sessionConflict) string {
	l := w.l
	t := &l.calls[x.call]
	who := l.process(x.call)
	if x.put {
		return fmt.Sprintf("%s wrote %s after it had read that, or what is newer", who, l.valueOn(t.put, "to"))
	}
	since := w.requiredSince(x.newer)
	d := l.value(x.newer)
	switch {
	case x.reread && w.guarantee.read:
		return fmt.Sprintf("%s %s%s, then %s, and then read %s again", who, w.howKnown(w.requiredSince(t.saw), t.saw),
			words.Of(l.keys[t.key], "of"), w.howKnown(w.lastAccess(x.newer), x.newer), l.value(t.saw))
	case since == l.versions[x.newer].writer:
		return fmt.Sprintf("%s %s, though it had written %s itself %s", who, l.describeRead(x.call), d, l.ago(since, x.call))
	case w.guarantee.read:
		return fmt.Sprintf("%s %s, though it had read %s, which is newer, %s", who, l.describeRead(x.call), d, l.ago(since, x.call))
	case l.calls[since].saw == model.None:
		return fmt.Sprintf("%s %s, though %s is newer", who, l.describeRead(x.call), d)
	}
	u := l.calls[since].saw
	writer := l.process(l.versions[u].writer)
	verb := "written " + l.valueOn(x.newer, "to")
	if w.follow {
		verb = "read " + l.valueOn(x.newer, "from")
	}
	end := ""
	if x.reread {
		end = fmt.Sprintf(", having read %s", d)
	}
	return fmt.Sprintf("%s %s, though it had read %s, before which %s had %s%s",
		who, l.describeRead(x.call), l.valueOn(u, "from"), writer, verb, end)
}

// howKnown says whether a session wrote or read a version.
func (w *sessionSweep) howKnown(turn, v int32) string {
	if w.l.calls[turn].put == v {
		return "wrote " + w.l.value(v)
	}
	return "read " + w.l.value(v)
}

// ago says how long before a call another one had ended: "10ms before".
func (l *sessionHistory) ago(a, b int32) string {
	end := l.calls[a].End
	if end < 0 {
		end = l.calls[a].Call
	}
	if gap := l.h.At(l.calls[b].Call).Time - l.h.At(end).Time; gap > 0 {
		return words.Duration(gap) + " before"
	}
	return "before"
}
