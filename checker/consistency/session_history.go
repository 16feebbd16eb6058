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

// A turn is a call on a register as one of its session: what it saw and put, as
// numbers of versions.
type turn struct {
	view.Span
	key      int32
	saw, put int32 // versions, or none
	session  int32
	place    int32 // position in its session
	prev     int32 // the turn before it that was answered, of this session or of the one it branched off, or none
}

// observes reports whether somebody was told what the turn saw. A swap of unknown
// outcome whose value turned up later counts as a write, and as nothing more.
func (t *turn) observes() bool { return t.Known && t.saw != model.None }

// A version is a value that a key had, or was said to have.
type version struct {
	key    int32
	writer int32 // the turn that put it, or none: nobody did, or it is what the key began with
	chain  int32 // the writes of its writer's session to its key, or none
	rank   int32 // its position in the chain
	first  bool  // whether it is what the key began with
}

// A session is the turns of one process, in its order. A turn of unknown outcome
// that others followed is a session of its own, branched off from the turn before it:
// nobody knows whether it came before those that followed.
type session struct {
	turns  []int32
	parent int32 // the turn that it branched off from, or none
}

// A logbook is a history of registers as its sessions saw it: the form in which
// everything weaker than linearizability is judged. A session is a process. A
// client that gives up a call goes on as another process, hence as another session.
//
// Calls that failed are left out, and so are indeterminate ones that nobody
// saw anything of: they may as well not have happened.
type logbook struct {
	turns    []turn // in the order of their invocations
	versions []version
	sessions []session
	keys     []string
	chains   [][]int32          // the turns that wrote a key, for each key and session that did, in order
	chainOf  map[[2]int32]int32 // by key and session
	failed   map[int32]history.Call
	h        *history.History
	text     func(version int32) string
	calls    int  // how many calls there are, those left out included
	strict   bool // whether what an indeterminate swap must have found matters
}

// thin returns the first turn to be answered that saw what nobody wrote, or none.
func (l *logbook) thin() int32 {
	first := model.None
	for i := range l.turns {
		t := &l.turns[i]
		if !t.observes() || l.versions[t.saw].writer != model.None || l.versions[t.saw].first {
			continue
		}
		if first == model.None || t.Ret < l.turns[first].Ret {
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
	log      *logbook
}

// A versionOf is a value, by its number, of a key.
type versionOf struct{ key, value int32 }

func (n *numbering) key(name string) int32 {
	k, ok := n.keys[name]
	if !ok {
		k = int32(len(n.log.keys))
		n.keys[name] = k
		n.log.keys = append(n.log.keys, name)
		v := n.version(k, 0)
		n.log.versions[v].first = true
	}
	return k
}

func (n *numbering) version(key, value int32) int32 {
	at := versionOf{key, value}
	i, ok := n.versions[at]
	if !ok {
		i = int32(len(n.log.versions))
		n.versions[at] = i
		n.values = append(n.values, value)
		n.log.versions = append(n.log.versions, version{key: key, writer: model.None, chain: model.None})
	}
	return i
}

// logbookOf reads a history as sessions. It fails with a result if the history is not
// one of registers, or if a value was written twice, so that nobody can tell which was seen.
func logbookOf(s view.View, name string) (*logbook, *checker.Result) {
	no := func(format string, args ...any) (*logbook, *checker.Result) {
		return nil, &checker.Result{Checker: name, Verdict: checker.Unknown, Reason: fmt.Sprintf(format, args...)}
	}
	if !s.Register {
		return no("the %s model does not say what a call reads and writes", s.Name)
	}
	most := s.H.Len()/2 + 1 // calls, about
	l := &logbook{h: s.H, failed: map[int32]history.Call{}, turns: make([]turn, 0, most), versions: make([]version, 0, most/2)}
	n := &numbering{Mentions: s.Mentions(most / 2), keys: map[string]int32{}, versions: make(map[versionOf]int32, most/2), log: l}
	l.text = func(v int32) string { return words.Value(n.Value(n.values[v])) }
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
		l.calls++
		t := turn{Span: sp, saw: model.None, put: model.None, session: int32(c.Invoke.Process), key: n.key(s.KeyOf(c.Invoke.Input))}
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
				return no(twice, l.text(t.put), words.Of(l.keys[t.key], "to"))
			}
			v.writer = int32(len(l.turns))
		}
		l.turns = append(l.turns, t)
	}
	if v := n.begin(); v != model.None {
		return no(twice, l.text(v), words.Of(l.keys[l.versions[v].key], "to"))
	}
	l.settle()
	l.arrange()
	return l, nil
}

// early reports whether somebody asked before any write to the key was acknowledged and saw a version, or
// asked to put it.
func (l *logbook) early(v int32) bool {
	acked := model.Never
	for i := range l.turns {
		if t := &l.turns[i]; t.key == l.versions[v].key && t.put != model.None && t.Known {
			acked = min(acked, t.Ret)
		}
	}
	for i := range l.turns {
		if t := &l.turns[i]; t.put == v || t.saw == v && t.Call < acked {
			return true
		}
	}
	return false
}

// opens reports whether a turn wrote its key before all others on it were asked.
func (l *logbook) opens(turn int32) bool {
	if turn == model.None || !l.turns[turn].Known {
		return false
	}
	t := &l.turns[turn]
	for i := range l.turns {
		if o := &l.turns[i]; int32(i) != turn && o.key == t.key && o.Call < t.Ret {
			return false
		}
	}
	return true
}

const twice = "%s was written%s more than once, so nobody can tell which of the writes was seen"

// begin finds out with which version each key began: where somebody found nothing before any write to it was
// acknowledged, with that, and the initial value is the same unless it was written. Who finds nothing later
// only has found what nobody ever wrote: no consistency allows for that. It returns a first version that was written as well, or none.
func (n *numbering) begin() int32 {
	l := n.log
	nothing, may := n.Nothing()
	same := map[int32]int32{} // versions that are the same as another one
	for k := range l.keys {
		init := n.versions[versionOf{int32(k), 0}]
		v, found := n.versions[versionOf{int32(k), nothing}]
		if !may || !found || v == init || l.opens(l.versions[v].writer) || !l.early(v) {
			continue
		}
		l.versions[v].first = true
		l.versions[init].first = false
		if l.versions[init].writer == model.None {
			same[init] = v
		}
	}
	for i := range l.turns {
		if v, ok := same[l.turns[i].saw]; ok {
			l.turns[i].saw = v
		}
	}
	for i := range l.versions {
		if v := &l.versions[i]; v.first && v.writer != model.None {
			return int32(i)
		}
	}
	return model.None
}

// settle leaves out the indeterminate turns that nobody saw anything of.
func (l *logbook) settle() {
	live := make([]bool, len(l.turns))
	for i := range l.turns {
		for t := &l.turns[i]; t.Known || live[i]; {
			if t.saw == model.None {
				break
			}
			w := l.versions[t.saw].writer
			if w == model.None || l.turns[w].Known || live[w] {
				break
			}
			live[w] = true
			i, t = int(w), &l.turns[w]
		}
	}
	for i := range l.versions {
		l.versions[i].writer = model.None
	}
	kept := l.turns[:0]
	for i, t := range l.turns {
		if !t.Known && !live[i] {
			continue
		}
		if t.put != model.None {
			l.versions[t.put].writer = int32(len(kept))
		}
		kept = append(kept, t)
	}
	l.turns = kept
}

// arrange sorts the turns into sessions, and the writes into chains.
func (l *logbook) arrange() {
	last := map[int32]int32{} // the last turn of each process
	for i := range l.turns {
		last[l.turns[i].session] = int32(i)
	}
	number := map[int32]int32{}
	open := func(parent int32) int32 {
		l.sessions = append(l.sessions, session{parent: parent})
		return int32(len(l.sessions) - 1)
	}
	l.chainOf = map[[2]int32]int32{}
	for i := range l.turns {
		t := &l.turns[i]
		process := t.session
		at, ok := number[process]
		if !ok {
			at = open(model.None)
			number[process] = at
		}
		t.prev = l.sessions[at].parent
		if n := len(l.sessions[at].turns); n > 0 {
			t.prev = l.sessions[at].turns[n-1]
		}
		if !t.Known && last[process] != int32(i) {
			at = open(t.prev) // others follow, whether it has happened by then or not
		}
		t.session, t.place = at, int32(len(l.sessions[at].turns))
		l.sessions[at].turns = append(l.sessions[at].turns, int32(i))
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

// call returns a turn as the history has it.
func (l *logbook) call(i int32) history.Call {
	sp := l.turns[i].Span
	c := history.Call{Invoke: l.h.At(sp.Call)}
	if sp.End >= 0 {
		c.Complete = l.h.At(sp.End)
		return c
	}
	c.Complete = history.Op{
		Index: -1, Time: history.Forever, Process: c.Invoke.Process, Node: c.Invoke.Node,
		Type: history.Info, Key: c.Invoke.Key,
	}
	return c
}

// part returns a logbook of nothing but these turns. Turns that saw what none of
// the others wrote are left out as well: without its write, what was seen proves nothing.
func (l *logbook) part(turns []int32) *logbook {
	turns = l.founded(turns)
	p := &logbook{keys: l.keys, h: l.h, failed: l.failed, calls: l.calls, strict: l.strict}
	number, back := map[int32]int32{}, []int32{}
	renumber := func(v int32) int32 {
		if v == model.None {
			return model.None
		}
		n, ok := number[v]
		if !ok {
			n = int32(len(back))
			number[v], back = n, append(back, v)
			p.versions = append(p.versions, version{key: l.versions[v].key, writer: model.None, chain: model.None, first: l.versions[v].first})
		}
		return n
	}
	p.text = func(v int32) string { return l.text(back[v]) }
	for _, i := range turns {
		t := l.turns[i]
		t.saw, t.put = renumber(t.saw), renumber(t.put)
		t.session = int32(l.h.At(t.Call).Process)
		if t.put != model.None {
			p.versions[t.put].writer = int32(len(p.turns))
		}
		p.turns = append(p.turns, t)
	}
	p.settle()
	p.arrange()
	return p
}

// founded leaves out the turns that saw what none of the others wrote.
func (l *logbook) founded(turns []int32) []int32 {
	for {
		put := map[int32]bool{}
		for _, i := range turns {
			put[l.turns[i].put] = true
		}
		kept := make([]int32, 0, len(turns))
		for _, i := range turns {
			if t := &l.turns[i]; t.saw == model.None || !t.Known && !l.strict || l.versions[t.saw].first || put[t.saw] {
				kept = append(kept, i)
			}
		}
		if len(kept) == len(turns) {
			return kept
		}
		turns = kept
	}
}

// reduce removes turns as long as the rest is invalid, until none can go.
func (l *logbook) reduce(turns []int32, invalid func(*logbook) bool) []int32 {
	return ddmin.Minimise(l.founded(turns), func(rest []int32) ([]int32, bool) {
		if p := l.part(rest); len(p.turns) == 0 || !invalid(p) {
			return rest, false
		}
		return l.founded(rest), true
	}, ddmin.Options{})
}
