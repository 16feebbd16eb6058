package consistency

import (
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/ddmin"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// A sessionCall is a call on a register as part of its session: what it saw and put, as
// numbers of versions.
type sessionCall struct {
	view.Span
	key      int32
	saw, put int32 // versions, or None
	session  int32
	index    int32 // position in its session
	prev     int32 // the last known call before it, of this session or of the one it branched off, or None
}

// observes reports whether the call returned what it saw. An indeterminate swap
// whose value was read later counts as a write only.
func (t *sessionCall) observes() bool { return t.Known && t.saw != model.None }

// A version is a value that was written to a key, or read from it.
type version struct {
	key     int32
	writer  int32 // the call that put it, or None: a thin-air read, or the initial value
	chain   int32 // the writes of its writer's session to its key, or None
	rank    int32 // its position in the chain
	initial bool  // whether it is the initial value of the key
}

// A session is the calls of one process, in its order. An indeterminate call
// that others followed is a session by itself, branched off from the call before it:
// it may take effect before or after those that followed.
type session struct {
	calls  []int32
	parent int32 // the call that it branched off from, or None
}

// A sessionHistory is a history of registers as its sessions saw it: the form in which
// everything weaker than linearizability is judged. A session is a process. A
// client that gives up a call goes on as another process, hence as another session.
//
// It leaves out calls that failed, and indeterminate ones with no effect that was read:
// whether these happened changes nothing.
type sessionHistory struct {
	calls    []sessionCall // in the order of their invocations
	versions []version
	sessions []session
	keys     []string
	chains   [][]int32          // the calls that wrote a key, for each key and session that did, in order
	chainOf  map[[2]int32]int32 // by key and session
	failed   map[int32]history.Call
	h        *history.History
	value    func(version int32) string
	total    int  // how many calls the history has, those left out included
	strict   bool // whether what an indeterminate swap must have found counts
}

// thinAirRead returns the thin-air read that returned first, or None.
func (l *sessionHistory) thinAirRead() int32 {
	first := model.None
	for i := range l.calls {
		t := &l.calls[i]
		if !t.observes() || l.versions[t.saw].writer != model.None || l.versions[t.saw].initial {
			continue
		}
		if first == model.None || t.Ret < l.calls[first].Ret {
			first = int32(i)
		}
	}
	return first
}

// A numbering gives numbers to keys and to versions.
type numbering struct {
	view.Mentions
	keys     map[string]int32
	versions map[versionOf]int32
	values   []int32 // by version: the number of its value
	history  *sessionHistory
}

// A versionOf is a value, by its number, of a key.
type versionOf struct{ key, value int32 }

// key returns the number of a key. A new key gets its initial version.
func (n *numbering) key(name string) int32 {
	k, ok := n.keys[name]
	if !ok {
		k = int32(len(n.history.keys))
		n.keys[name] = k
		n.history.keys = append(n.history.keys, name)
		v := n.version(k, 0)
		n.history.versions[v].initial = true
	}
	return k
}

// version returns the number of a value of a key.
func (n *numbering) version(key, value int32) int32 {
	at := versionOf{key, value}
	i, ok := n.versions[at]
	if !ok {
		i = int32(len(n.history.versions))
		n.versions[at] = i
		n.values = append(n.values, value)
		n.history.versions = append(n.history.versions, version{key: key, writer: model.None, chain: model.None})
	}
	return i
}

// sessionHistoryOf reads a history as sessions. It fails with a result if the history is not
// one of registers, or if a value was written twice, so that a read does not say which write it saw.
func sessionHistoryOf(s view.View, name string) (*sessionHistory, *checker.Result) {
	no := func(format string, args ...any) (*sessionHistory, *checker.Result) {
		return nil, &checker.Result{Checker: name, Verdict: checker.Unknown, Reason: fmt.Sprintf(format, args...)}
	}
	if !s.Register {
		return no("the %s model does not say what a call reads and writes", s.Name)
	}
	most := s.H.Len()/2 + 1 // calls, about
	l := &sessionHistory{h: s.H, failed: map[int32]history.Call{}, calls: make([]sessionCall, 0, most), versions: make([]version, 0, most/2)}
	n := &numbering{Mentions: s.Mentions(most / 2), keys: map[string]int32{}, versions: make(map[versionOf]int32, most/2), history: l}
	l.value = func(v int32) string { return words.Value(n.Value(n.values[v])) }
	for c := range s.H.Calls() {
		if !s.Takes(c.Invoke.Input) || c.Complete.Type == history.OK && c.Complete.Output != nil && !s.Gives(c.Complete.Output) {
			_, bad := s.Split()
			r := bad.Result(s.H)
			r.Checker = name
			return nil, &r
		}
		sp := view.SpanOf(c)
		a, ok := n.Of(sp)
		if !ok {
			return no("%s is more than a read or a write: %s", wording.Place(c.Invoke), s.Words(sp))
		}
		l.total++
		t := sessionCall{Span: sp, saw: model.None, put: model.None, session: int32(c.Invoke.Process), key: n.key(s.KeyOf(c.Invoke.Input))}
		if a.Reads {
			t.saw = n.version(t.key, a.Saw)
		}
		if a.Writes {
			t.put = n.version(t.key, a.Put)
		}
		if c.Complete.Type == history.Fail {
			if a.Writes {
				l.failed[t.put] = c
			}
			continue
		}
		if t.put != model.None {
			v := &l.versions[t.put]
			if v.writer != model.None {
				return no(errWrittenTwice, l.value(t.put), words.Of(l.keys[t.key], "to"))
			}
			v.writer = int32(len(l.calls))
		}
		l.calls = append(l.calls, t)
	}
	if v := n.findInitial(); v != model.None {
		return no(errWrittenTwice, l.value(v), words.Of(l.keys[l.versions[v].key], "to"))
	}
	l.dropUnobserved()
	l.linkSessions()
	return l, nil
}

// maybeInitial reports whether a version may be the initial one: a call that was invoked before any write to the key
// was acknowledged saw it, or a call put it.
func (l *sessionHistory) maybeInitial(v int32) bool {
	acked := model.Never
	for i := range l.calls {
		if t := &l.calls[i]; t.key == l.versions[v].key && t.put != model.None && t.Known {
			acked = min(acked, t.Ret)
		}
	}
	for i := range l.calls {
		if t := &l.calls[i]; t.put == v || t.saw == v && t.Call < acked {
			return true
		}
	}
	return false
}

// isFirstWrite reports whether a call wrote its key before all others on it were invoked.
func (l *sessionHistory) isFirstWrite(turn int32) bool {
	if turn == model.None || !l.calls[turn].Known {
		return false
	}
	t := &l.calls[turn]
	for i := range l.calls {
		if o := &l.calls[i]; int32(i) != turn && o.key == t.key && o.Call < t.Ret {
			return false
		}
	}
	return true
}

const errWrittenTwice = "%s was written%s more than once, so it cannot be decided which of the writes was seen"

// findInitial finds the initial version of each key. Where a call found nothing before any write was
// acknowledged, it is that, and the initial value is the same version unless it was written. To find nothing only later
// is a thin-air read. It returns an initial version that was written as well, or None.
func (n *numbering) findInitial() int32 {
	l := n.history
	nothing, may := n.Nothing()
	same := map[int32]int32{} // versions that are the same as another one
	for k := range l.keys {
		init := n.versions[versionOf{int32(k), 0}]
		v, found := n.versions[versionOf{int32(k), nothing}]
		if !may || !found || v == init || l.isFirstWrite(l.versions[v].writer) || !l.maybeInitial(v) {
			continue
		}
		l.versions[v].initial = true
		l.versions[init].initial = false
		if l.versions[init].writer == model.None {
			same[init] = v
		}
	}
	for i := range l.calls {
		if v, ok := same[l.calls[i].saw]; ok {
			l.calls[i].saw = v
		}
	}
	for i := range l.versions {
		if v := &l.versions[i]; v.initial && v.writer != model.None {
			return int32(i)
		}
	}
	return model.None
}

// dropUnobserved drops the indeterminate calls with no effect that was read, directly or through swaps.
func (l *sessionHistory) dropUnobserved() {
	live := make([]bool, len(l.calls))
	for i := range l.calls {
		for t := &l.calls[i]; t.Known || live[i]; {
			if t.saw == model.None {
				break
			}
			w := l.versions[t.saw].writer
			if w == model.None || l.calls[w].Known || live[w] {
				break
			}
			live[w] = true
			i, t = int(w), &l.calls[w]
		}
	}
	for i := range l.versions {
		l.versions[i].writer = model.None
	}
	kept := l.calls[:0]
	for i, t := range l.calls {
		if !t.Known && !live[i] {
			continue
		}
		if t.put != model.None {
			l.versions[t.put].writer = int32(len(kept))
		}
		kept = append(kept, t)
	}
	l.calls = kept
}

// linkSessions splits the calls into sessions, and the writes into chains.
func (l *sessionHistory) linkSessions() {
	last := map[int32]int32{} // the last call of each process
	for i := range l.calls {
		last[l.calls[i].session] = int32(i)
	}
	number := map[int32]int32{}
	open := func(parent int32) int32 {
		l.sessions = append(l.sessions, session{parent: parent})
		return int32(len(l.sessions) - 1)
	}
	l.chainOf = map[[2]int32]int32{}
	for i := range l.calls {
		t := &l.calls[i]
		process := t.session
		at, ok := number[process]
		if !ok {
			at = open(model.None)
			number[process] = at
		}
		t.prev = l.sessions[at].parent
		if n := len(l.sessions[at].calls); n > 0 {
			t.prev = l.sessions[at].calls[n-1]
		}
		if !t.Known && last[process] != int32(i) {
			at = open(t.prev) // others follow, and it may take effect after them
		}
		t.session, t.index = at, int32(len(l.sessions[at].calls))
		l.sessions[at].calls = append(l.sessions[at].calls, int32(i))
		if t.put == model.None {
			continue
		}
		c, ok := l.chainOf[[2]int32{t.key, at}]
		if !ok {
			c = int32(len(l.chains))
			l.chainOf[[2]int32{t.key, at}] = c
			l.chains = append(l.chains, nil)
		}
		v := &l.versions[t.put]
		v.chain, v.rank = c, int32(len(l.chains[c]))
		l.chains[c] = append(l.chains[c], int32(i))
	}
}

// call returns the call as the history has it.
func (l *sessionHistory) call(i int32) history.Call {
	sp := l.calls[i].Span
	return l.h.CallAt(sp.Call, sp.End)
}

// only returns a history of nothing but these calls. It leaves out those that saw what none of
// the others wrote: without its write, a read proves nothing.
func (l *sessionHistory) only(calls []int32) *sessionHistory {
	calls = l.justified(calls)
	p := &sessionHistory{keys: l.keys, h: l.h, failed: l.failed, total: l.total, strict: l.strict}
	number, back := map[int32]int32{}, []int32{}
	renumber := func(v int32) int32 {
		if v == model.None {
			return model.None
		}
		n, ok := number[v]
		if !ok {
			n = int32(len(back))
			number[v], back = n, append(back, v)
			p.versions = append(p.versions, version{key: l.versions[v].key, writer: model.None, chain: model.None, initial: l.versions[v].initial})
		}
		return n
	}
	p.value = func(v int32) string { return l.value(back[v]) }
	for _, i := range calls {
		t := l.calls[i]
		t.saw, t.put = renumber(t.saw), renumber(t.put)
		t.session = int32(l.h.At(t.Call).Process)
		if t.put != model.None {
			p.versions[t.put].writer = int32(len(p.calls))
		}
		p.calls = append(p.calls, t)
	}
	p.dropUnobserved()
	p.linkSessions()
	return p
}

// justified removes the calls that saw what none of the others wrote.
func (l *sessionHistory) justified(calls []int32) []int32 {
	for {
		put := map[int32]bool{}
		for _, i := range calls {
			put[l.calls[i].put] = true
		}
		kept := make([]int32, 0, len(calls))
		for _, i := range calls {
			if t := &l.calls[i]; t.saw == model.None || !t.Known && !l.strict || l.versions[t.saw].initial || put[t.saw] {
				kept = append(kept, i)
			}
		}
		if len(kept) == len(calls) {
			return kept
		}
		calls = kept
	}
}

// ddmin removes calls as long as the rest is invalid, until none can go. Calls that are not justified go along.
func (l *sessionHistory) ddmin(calls []int32, invalid func(*sessionHistory) bool) []int32 {
	return ddmin.Minimise(l.justified(calls), func(rest []int32) ([]int32, bool) {
		if p := l.only(rest); len(p.calls) == 0 || !invalid(p) {
			return rest, false
		}
		return l.justified(rest), true
	}, ddmin.Options{})
}
