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
// A session is a process, and the versions of a key have an order for each session,
// which begins with the initial value and keeps the order in which any one session
// wrote them, as far as it is known. The guarantee says of some versions that they are older than what a read
// saw: here, all that its session had written. A history is valid if nothing is older than
// itself. Written values must be unique.
//
// It takes O(n).
func ReadYourWrites[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return keeps(view.Erase(m), readYourWrites)
}

// MonotonicReads returns a checker for the session guarantee that a read sees what its
// session saw before, or something newer. See [ReadYourWrites] for what newer means,
// and for the source. It takes O(n).
func MonotonicReads[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return keeps(view.Erase(m), monotonicReads)
}

// MonotonicWrites returns a checker for the session guarantee that writes are seen in
// the order of their session: whoever has read a value sees, on any key, what the
// writer of that value wrote before it, or something newer. See [ReadYourWrites] for
// what newer means, and for the source. It takes O(n + p) for p turns that precede, in the
// sessions of others, what a session saw: O(n k) at most with k sessions.
func MonotonicWrites[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return keeps(view.Erase(m), monotonicWrites)
}

// WritesFollowReads returns a checker for the session guarantee that a write is seen
// after what its session had read: whoever has read a value sees, on any key, what
// the writer of that value had read before, or something newer. See [ReadYourWrites]
// for what newer means, and for the source. It costs what [MonotonicWrites] does.
func WritesFollowReads[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return keeps(view.Erase(m), writesFollowReads)
}

// MonotonicPerKey returns a checker of whether, on each key alone, no session goes back:
// it reads its own writes and those of others in one order that keeps the order of
// every session (Hutto and Ahamad, Slow Memory, 1990). It is what [MonotonicReads] and
// [ReadYourWrites] say together. It takes O(n).
func MonotonicPerKey[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return keeps(view.Erase(m), monotonicPerKey)
}

// A guarantee says which versions are older than what a session's next read sees.
type guarantee struct {
	own     bool // what it wrote
	read    bool // what it read
	wrote   bool // what the writers of what it read had written before
	follow  bool // what the writers of what it read had read before
	ordered bool // and its own writes see the same
}

var (
	readYourWrites    = guarantee{own: true}.rule("read-your-writes", "read what their sessions wrote")
	monotonicReads    = guarantee{read: true}.rule("monotonic-reads", "never read what is older than what their sessions read before")
	monotonicWrites   = guarantee{wrote: true}.rule("monotonic-writes", "show the writes of each session in their order")
	writesFollowReads = guarantee{follow: true}.rule("writes-follow-reads", "show writes after what their sessions had read")
	monotonicPerKey   = guarantee{own: true, read: true, ordered: true}.rule("monotonic", "never go back on a key")
)

func (g guarantee) rule(name, kept string) rule {
	return rule{name: name, kept: kept, find: func(_ *budget.Meter, l *logbook) (*breach, error) {
		return g.find(l), nil
	}}
}

// A sessionSweep follows one session after the other, and keeps for each what is due: the
// versions that are older than what it reads next.
//
// What is due only grows, and on the chain of one session's writes to a key, it goes from the
// start up to some rank. So an order of the versions is missing in two cases only:
// a read sees a version while a later one of its chain is due; or it sees one that was due
// when another was read, which is due itself by now.
//
// All times are turns. Slots are stamped with the session, so that none needs to be cleared.
type sessionSweep struct {
	guarantee
	l       *logbook
	session int32
	slots   []int32  // by chain: the slot of its first version; the others follow
	due     stamped  // by slot: when a version became due
	seen    stamped  // by slot: when a version was read last
	top     stamped  // the highest rank due of a chain
	any     stamped  // some version due of a key
	latest  stamped  // the version due of a key that was read last
	second  stamped  // the one read last among the others
	entered stamped  // how many turns of a session count as seen by their effects
	tells   [][]link // by session: what those who see its effects learn of each turn
}

// A link is a version at its place on a chain, or on none.
type link struct{ chain, rank, key, version int32 }

func (l *logbook) link(v int32) link {
	x := &l.versions[v]
	return link{x.chain, x.rank, x.key, v}
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

// An excess is a turn that saw, on its own key, what is older than itself.
type excess struct {
	turn, due int32 // the turn, and a version that is due and newer than what it saw
	put       bool  // whether it is what the turn put that is older, not what it saw
	other     bool  // whether it is newer because of a read of due since what the turn saw was due
}

func (g guarantee) sweep(l *logbook) *sessionSweep {
	w := &sessionSweep{guarantee: g, l: l, due: stamps(len(l.turns)), top: stamps(len(l.chains)), slots: l.slots(),
		seen: stamps(len(l.turns)), any: stamps(len(l.keys)), latest: stamps(len(l.keys)), second: stamps(len(l.keys))}
	if g.wrote || g.follow {
		w.entered, w.tells = stamps(len(l.sessions)), g.tells(l)
	}
	return w
}

// slots gives the versions of each chain numbers in a row.
func (l *logbook) slots() []int32 {
	at, n := make([]int32, len(l.chains)), int32(0)
	for c := range l.chains {
		at[c] = n
		n += int32(len(l.chains[c]))
	}
	return at
}

// tells returns what those who see the effects of a session learn of each of its turns. It
// lies as sessions do, for it is read again by all that come to know one.
func (g guarantee) tells(l *logbook) [][]link {
	all := make([]link, 0, len(l.turns))
	by := make([][]link, len(l.sessions))
	for s := range l.sessions {
		from := len(all)
		for _, i := range l.sessions[s].turns {
			x := link{chain: model.None}
			if t := &l.turns[i]; g.wrote && t.put != model.None {
				x = l.link(t.put)
			} else if g.follow && t.observes() {
				x = l.link(t.saw)
			}
			all = append(all, x)
		}
		by[s] = all[from:]
	}
	return by
}

// slot returns the slot of a version that somebody wrote.
func (w *sessionSweep) slot(v int32) int32 {
	x := &w.l.versions[v]
	return w.slots[x.chain] + x.rank
}

// became returns when a version became due, or none.
func (w *sessionSweep) became(v int32) int32 {
	if w.l.versions[v].chain == model.None {
		return model.None
	}
	return w.due.get(w.slot(v), w.session)
}

// met returns when the session read or wrote a version last, or none.
func (w *sessionSweep) met(v int32) int32 { return w.seen.get(w.slot(v), w.session) }

// find returns the breach that shows first.
func (g guarantee) find(l *logbook) *breach {
	w := g.sweep(l)
	first := excess{turn: model.None}
	var turns []int32
	for s := range l.sessions {
		if x := w.run(int32(s)); x.turn != model.None && (first.turn == model.None || l.turns[x.turn].Ret < l.turns[first.turn].Ret) {
			first, turns = x, w.around(x)
		}
	}
	if first.turn == model.None {
		return nil
	}
	again := func(p *logbook) *breach {
		w := g.sweep(p)
		for s := range p.sessions {
			if x := w.run(int32(s)); x.turn != model.None {
				return &breach{culprit: x.turn, key: p.turns[x.turn].key, reason: w.word(x)}
			}
		}
		return nil
	}
	return l.shrink(turns, again)
}

// run follows a session up to the first turn that breaks the guarantee.
func (w *sessionSweep) run(s int32) excess {
	w.session = s
	for _, i := range w.l.sessions[s].turns {
		t := &w.l.turns[i]
		if t.observes() {
			if x := w.read(i, t.saw); x.turn != model.None {
				return x
			}
			w.learn(i, t.saw)
		}
		if t.put != model.None && w.ordered && t.Known {
			if x := w.write(i, t.put); x.turn != model.None {
				return x
			}
		}
		if t.put != model.None && w.own {
			w.owe(i, t.put)
		}
	}
	return excess{turn: model.None}
}

// read judges a turn by the version it saw.
func (w *sessionSweep) read(i, v int32) excess {
	l, s := w.l, w.session
	x := &l.versions[v]
	if x.first {
		if d := w.any.get(x.key, s); d != model.None {
			return excess{turn: i, due: d}
		}
		return excess{turn: model.None}
	}
	if top := w.top.get(x.chain, s); top > x.rank {
		return excess{turn: i, due: l.turns[l.chains[x.chain][top]].put}
	}
	since := w.became(v)
	if since == model.None {
		w.seen.set(w.slot(v), s, i)
		return excess{turn: model.None}
	}
	c := w.latest.get(x.key, s)
	if c == v {
		c = w.second.get(x.key, s)
	}
	if c != model.None && w.met(c) > since {
		return excess{turn: i, due: c, other: true}
	}
	w.seen.set(w.slot(v), s, i)
	w.note(v)
	return excess{turn: model.None}
}

// write judges a turn by the version it put, as if it had seen it.
func (w *sessionSweep) write(i, v int32) excess {
	if w.became(v) != model.None {
		return excess{turn: i, due: v, put: true}
	}
	x := &w.l.versions[v]
	if top := w.top.get(x.chain, w.session); top > x.rank {
		return excess{turn: i, due: w.l.turns[w.l.chains[x.chain][top]].put, put: true}
	}
	w.seen.set(w.slot(v), w.session, i)
	return excess{turn: model.None}
}

// note keeps the two versions due of a key that were read last.
func (w *sessionSweep) note(v int32) {
	k, s := w.l.versions[v].key, w.session
	first := w.latest.get(k, s)
	switch {
	case first == v:
		return
	case first == model.None:
		w.latest.set(k, s, v)
		return
	}
	if w.met(v) > w.met(first) {
		w.latest.set(k, s, v)
		w.second.set(k, s, first)
		return
	}
	if second := w.second.get(k, s); second == model.None || w.met(v) > w.met(second) {
		w.second.set(k, s, v)
	}
}

// owe makes a version due from turn i on.
func (w *sessionSweep) owe(i, v int32) {
	s, x := w.session, &w.l.versions[v]
	if x.writer == model.None || w.became(v) != model.None {
		return
	}
	w.due.set(w.slot(v), s, i)
	if w.top.get(x.chain, s) < x.rank {
		w.top.set(x.chain, s, x.rank)
	}
	w.any.set(x.key, s, v)
	if w.met(v) != model.None {
		w.note(v)
	}
}

// learn makes due what a read tells.
func (w *sessionSweep) learn(i, v int32) {
	if w.isNews(v) {
		w.owe(i, v)
	}
	u := w.l.versions[v].writer
	if u == model.None || !w.wrote && !w.follow {
		return
	}
	t := &w.l.turns[u]
	w.enter(i, t.session, t.place)
	if x := w.tells[t.session][t.place]; w.follow && x.chain != model.None {
		w.oweUpTo(i, x)
	}
}

func (w *sessionSweep) isNews(v int32) bool { return w.guarantee.read && !w.l.versions[v].first }

// enter makes due what the turns of a session before a place tell.
func (w *sessionSweep) enter(i, session, place int32) {
	if up := w.l.sessions[session].parent; up != model.None {
		w.enter(i, w.l.turns[up].session, w.l.turns[up].place+1)
	}
	from := max(0, w.entered.get(session, w.session))
	if from >= place {
		return
	}
	for _, x := range w.tells[session][from:place] {
		if x.chain != model.None {
			w.oweUpTo(i, x)
		}
	}
	w.entered.set(session, w.session, place)
}

// oweUpTo makes a version due, and all before it in its chain.
func (w *sessionSweep) oweUpTo(i int32, x link) {
	s, top := w.session, w.top.get(x.chain, w.session)
	if top >= x.rank {
		return
	}
	for r := top + 1; r <= x.rank; r++ {
		at := w.slots[x.chain] + r
		w.due.set(at, s, i)
		if w.seen.get(at, s) != model.None {
			w.note(w.l.turns[w.l.chains[x.chain][r]].put)
		}
	}
	w.top.set(x.chain, s, x.rank)
	w.any.set(x.key, s, x.version)
}

// around returns the turns that an excess is made of, and perhaps some more.
func (w *sessionSweep) around(x excess) []int32 {
	l := w.l
	turns := []int32{x.turn}
	add := func(v int32) { // a version, and why it is due
		turns = append(turns, l.versions[v].writer)
		since := w.became(v)
		if since == model.None {
			return
		}
		turns = append(turns, since)
		u := l.turns[since].saw
		if u == model.None || l.versions[u].writer == model.None {
			return
		}
		turns = append(turns, l.versions[u].writer)
		if w.follow {
			turns = append(turns, w.reader(l.versions[u].writer, v)...)
		}
	}
	t := &l.turns[x.turn]
	if t.saw != model.None {
		add(t.saw)
	}
	add(x.due)
	if x.other {
		turns = append(turns, w.met(x.due))
	}
	return turns
}

// reader returns the first turn, up to a write of the same session, that saw a
// version or a later one of its chain, with the writer of what it saw.
func (w *sessionSweep) reader(write, v int32) []int32 {
	l, x := w.l, &w.l.versions[v]
	for j := write; j != model.None; j = l.turns[j].prev {
		t := &l.turns[j]
		if t.observes() && l.versions[t.saw].chain == x.chain && l.versions[t.saw].rank >= x.rank {
			return []int32{j, l.versions[t.saw].writer}
		}
	}
	return nil
}

// word says in one sentence what an excess is.
func (w *sessionSweep) word(x excess) string {
	l := w.l
	t := &l.turns[x.turn]
	who := l.who(x.turn)
	if x.put {
		return fmt.Sprintf("%s wrote %s after it had read that, or what is newer", who, l.to(t.put, "to"))
	}
	since := w.became(x.due)
	d := l.text(x.due)
	switch {
	case x.other && w.guarantee.read:
		return fmt.Sprintf("%s %s%s, then %s, and then read %s again", who, w.how(w.became(t.saw), t.saw),
			words.Of(l.keys[t.key], "of"), w.how(w.met(x.due), x.due), l.text(t.saw))
	case since == l.versions[x.due].writer:
		return fmt.Sprintf("%s %s, though it had written %s itself %s", who, l.told(x.turn), d, l.ago(since, x.turn))
	case w.guarantee.read:
		return fmt.Sprintf("%s %s, though it had read %s, which is newer, %s", who, l.told(x.turn), d, l.ago(since, x.turn))
	case l.turns[since].saw == model.None:
		return fmt.Sprintf("%s %s, though %s is newer", who, l.told(x.turn), d)
	}
	u := l.turns[since].saw
	writer := l.who(l.versions[u].writer)
	verb := "written " + l.to(x.due, "to")
	if w.follow {
		verb = "read " + l.to(x.due, "from")
	}
	end := ""
	if x.other {
		end = fmt.Sprintf(", having read %s", d)
	}
	return fmt.Sprintf("%s %s, though it had read %s, before which %s had %s%s",
		who, l.told(x.turn), l.to(u, "from"), writer, verb, end)
}

// how says how a session came to know a version: it wrote it, or read it.
func (w *sessionSweep) how(turn, v int32) string {
	if w.l.turns[turn].put == v {
		return "wrote " + w.l.text(v)
	}
	return "read " + w.l.text(v)
}

// ago says how long before the start of a turn another one ended: "10ms before".
func (l *logbook) ago(a, b int32) string {
	end := l.turns[a].End
	if end < 0 {
		end = l.turns[a].Call
	}
	if gap := l.h.At(l.turns[b].Call).Time - l.h.At(end).Time; gap > 0 {
		return words.Duration(gap) + " before"
	}
	return "before"
}
