package levels

import (
	"math/rand/v2"
	"testing"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// A level is how a simulated database of lists works.
type level struct {
	name   string
	holds  []txn.Model // what its histories keep
	breaks []txn.Model // what some of them break
}

var levels = []level{
	{"strict", []txn.Model{txn.StrictSerializable}, nil},
	{"session-serializable", []txn.Model{txn.StrongSessionSerializable}, []txn.Model{txn.StrictSerializable, txn.StrongSnapshotIsolation, txn.PerKeyStrictSerializable}},
	{"serializable", []txn.Model{txn.Serializable}, []txn.Model{txn.StrongSessionSerializable, txn.StrongSessionSnapshotIsolation, txn.Causal, txn.ReadAtomic}},
	{"strong-si", []txn.Model{txn.StrongSnapshotIsolation}, []txn.Model{txn.Serializable, txn.RepeatableRead, txn.UpdateSerializable}},
	{"session-si", []txn.Model{txn.StrongSessionSnapshotIsolation}, []txn.Model{txn.StrongSnapshotIsolation}},
	{"si", []txn.Model{txn.SnapshotIsolation}, []txn.Model{txn.StrongSessionSnapshotIsolation, txn.Prefix}},
	{"psi", []txn.Model{txn.StrongSessionParallelSnapshotIsolation}, []txn.Model{txn.SnapshotIsolation, txn.Prefix}},
	{"prefix", []txn.Model{txn.Prefix}, []txn.Model{txn.UpdateAtomic, txn.CursorStability, txn.SnapshotIsolation}},
	{"read-committed", []txn.Model{txn.ReadCommitted}, []txn.Model{txn.CursorStability, txn.ConsistentView}},
	{"read-uncommitted", nil, []txn.Model{txn.ReadUncommitted, txn.ReadCommitted}},
}

// An element of a list of a simulated database.
type element struct {
	value, txn, commit int32 // commit is when it was committed, or -1
	site, seq          int32 // of PSI
}

// A client is a session of a simulated database.
type client struct {
	process, session int
	running          bool
	ops              []txn.Op // planned, then done
	lists            [][]int32
	done             int
	snapshot         int32
	seen             []int32 // of PSI: by site
	least            int32   // no snapshot may be older
	txn              int32
}

// A simulation is a database of lists with clients.
type simulation struct {
	r       *rand.Rand
	level   string
	b       *txn.Builder
	lists   map[int32][]element
	locked  map[int32]int32 // by key: by which transaction
	commits int32
	nextKey int32
	active  []int32
	next    map[int32]int32 // by key: the next value
	txns    int32
	seq     []int32   // of PSI: transactions by site
	applied [][]int32 // of PSI: by site, how many of each site were applied
	needs   [][][]int32
	infos   int // of 100 transactions
}

func simulate(level string, seed uint64, txns, sessions, keys, infos int) *txn.History {
	s := &simulation{r: rand.New(rand.NewPCG(seed, 7)), level: level, b: txn.NewBuilder(), lists: map[int32][]element{}, locked: map[int32]int32{},
		next: map[int32]int32{}, seq: make([]int32, 3), applied: [][]int32{make([]int32, 3), make([]int32, 3), make([]int32, 3)},
		needs: make([][][]int32, 3), infos: infos}
	for range keys {
		s.active = append(s.active, s.b.IntKey(int64(s.nextKey)))
		s.nextKey++
	}
	clients := make([]*client, sessions)
	for i := range clients {
		clients[i] = &client{process: i, session: i, seen: make([]int32, 3)}
	}
	for open := 0; int(s.txns) < txns || open > 0; {
		c := clients[s.r.IntN(sessions)]
		s.propagate()
		switch {
		case !c.running && int(s.txns) < txns:
			s.begin(c)
			open++
		case !c.running:
		case c.done < len(c.ops):
			s.step(c)
		default:
			s.end(c)
			open--
			if !c.running && c.process < 0 {
				panic("unreachable")
			}
		}
	}
	return s.b.History()
}

// begin plans a transaction.
func (s *simulation) begin(c *client) {
	c.running, c.done, c.ops, c.lists, c.txn = true, 0, c.ops[:0], c.lists[:0], s.txns
	s.txns++
	wrote := map[int32]bool{}
	reads := s.r.IntN(3) == 0
	for range 1 + s.r.IntN(4) {
		i := s.r.IntN(len(s.active))
		k := s.active[i]
		if reads || s.r.IntN(2) == 0 || wrote[k] && s.level == "prefix" {
			if !wrote[k] || s.level != "prefix" {
				c.ops = append(c.ops, txn.Op{F: txn.Read, Key: k, Value: txn.Nil})
			}
			continue
		}
		wrote[k] = true
		s.next[k]++
		c.ops = append(c.ops, txn.Op{F: txn.Append, Key: k, Value: s.next[k]})
		if s.next[k] == 32 {
			s.active[i] = s.b.IntKey(int64(s.nextKey))
			s.nextKey++
		}
	}
	if len(c.ops) == 0 {
		c.ops = append(c.ops, txn.Op{F: txn.Read, Key: s.active[0], Value: txn.Nil})
	}
	s.record(c, history.Invoke)
	c.snapshot = s.commits
	old := func(least int32) int32 { return max(least, s.commits-int32(s.r.IntN(20))) }
	switch s.level {
	case "session-serializable", "session-si":
		c.snapshot = old(c.least)
	case "serializable", "si":
		c.snapshot = old(0)
	case "psi":
		c.seen = append(c.seen[:0], s.applied[c.session%3]...)
	}
}

func (s *simulation) writes(c *client) bool {
	for _, o := range c.ops {
		if o.F == txn.Append {
			return true
		}
	}
	return false
}

// step does an operation, where the level does them one by one.
func (s *simulation) step(c *client) {
	if s.level == "read-committed" || s.level == "read-uncommitted" {
		s.do(c, c.done)
	}
	c.done++
}

// do reads or appends now.
func (s *simulation) do(c *client, i int) {
	o := c.ops[i]
	if o.F == txn.Append && s.level == "read-committed" {
		if by, ok := s.locked[o.Key]; ok && by != c.txn {
			c.snapshot = -1 // aborts
			return
		}
		s.locked[o.Key] = c.txn
	}
	if o.F == txn.Append {
		s.lists[o.Key] = append(s.lists[o.Key], element{value: o.Value, txn: c.txn, commit: -1})
		return
	}
	var list []int32
	for _, e := range s.lists[o.Key] {
		if e.commit >= 0 || e.txn == c.txn || s.level == "read-uncommitted" {
			list = append(list, e.value)
		}
	}
	c.answer(i, list)
}

func (c *client) answer(i int, list []int32) {
	for len(c.lists) <= i {
		c.lists = append(c.lists, nil)
	}
	c.lists[i] = list
}

// visible reports whether a transaction sees an element.
func (s *simulation) visible(c *client, e element) bool {
	if s.level == "psi" {
		return e.seq < c.seen[e.site]
	}
	return e.commit < c.snapshot
}

// end commits or aborts.
func (s *simulation) end(c *client) {
	c.running = false
	writes := s.writes(c)
	info := s.r.IntN(100) < s.infos
	lost := info && s.r.IntN(2) == 0
	ok := !lost
	switch s.level {
	case "read-committed", "read-uncommitted":
		if ok = ok && c.snapshot >= 0 && s.r.IntN(20) > 0; !info && !ok || lost || !ok {
			ok = false
		}
		s.finish(c, ok)
	default:
		if s.level == "strict" || writes && (s.level == "serializable" || s.level == "session-serializable") {
			c.snapshot = s.commits
		}
		ok = ok && s.commit(c)
	}
	if ok && s.level != "psi" {
		c.least = s.commits
		if !writes {
			c.least = c.snapshot
		}
	}
	switch {
	case info:
		s.record(c, history.Info)
		c.process += 1000
		c.least = 0
	case ok:
		s.record(c, history.OK)
	default:
		s.record(c, history.Fail)
	}
}

// finish commits or takes back what was done in place.
func (s *simulation) finish(c *client, ok bool) {
	s.commits++
	for _, o := range c.ops {
		if o.F != txn.Append {
			continue
		}
		if s.locked[o.Key] == c.txn {
			delete(s.locked, o.Key)
		}
		list := s.lists[o.Key]
		for i := len(list) - 1; i >= 0; i-- {
			if list[i].txn != c.txn {
				continue
			}
			if ok {
				list[i].commit = s.commits
			} else {
				list = append(list[:i:i], list[i+1:]...)
			}
		}
		s.lists[o.Key] = list
	}
}

// commit reads at the snapshot, and appends if no conflict forbids it.
func (s *simulation) commit(c *client) bool {
	for _, o := range c.ops {
		if o.F != txn.Append || s.level == "prefix" {
			continue
		}
		for _, e := range s.lists[o.Key] {
			if !s.visible(c, e) {
				return false
			}
		}
	}
	site := int32(c.session % 3)
	wrote := false
	for i, o := range c.ops {
		if o.F == txn.Append {
			wrote = true
			s.lists[o.Key] = append(s.lists[o.Key], element{o.Value, c.txn, s.commits, site, s.seq[site]})
			continue
		}
		var list []int32
		for _, e := range s.lists[o.Key] {
			if e.txn == c.txn || s.visible(c, e) {
				list = append(list, e.value)
			}
		}
		c.answer(i, list)
	}
	if wrote {
		s.commits++
		s.needs[site] = append(s.needs[site], append([]int32(nil), c.seen...))
		s.seq[site]++
		s.applied[site][site] = s.seq[site]
	}
	return true
}

// propagate lets sites apply what others committed, once they have what that depends on.
func (s *simulation) propagate() {
	if s.level != "psi" || s.r.IntN(8) > 0 {
		return
	}
	at, of := s.r.IntN(3), s.r.IntN(3)
	if next := s.applied[at][of]; next < s.seq[of] {
		for i, n := range s.needs[of][next] {
			if i != of && s.applied[at][i] < n {
				return
			}
		}
		s.applied[at][of]++
	}
}

// record writes a line.
func (s *simulation) record(c *client, typ history.Type) {
	s.b.Begin(txn.Record{Process: c.process, Type: typ})
	for i, o := range c.ops {
		switch {
		case o.F == txn.Append:
			s.b.Write(txn.Append, o.Key, o.Value)
		case typ == history.OK:
			s.b.ReadList(o.Key, c.lists[i])
		default:
			s.b.ReadUnknown(txn.Read, o.Key)
		}
	}
	if err := s.b.End(); err != nil {
		panic(err)
	}
}

// TestSimulatedLevels judges databases of every level: each keeps its own model, and over some seeds breaks the next.
func TestSimulatedLevels(t *testing.T) {
	for _, l := range levels {
		t.Run(l.name, func(t *testing.T) {
			broken := map[txn.Model]int{}
			n := seeds(12)
			for seed := range n {
				h := simulate(l.name, uint64(seed), 150, 5, 5, seed%3*3)
				of, r := verdicts(t, h)
				for _, m := range l.holds {
					for _, weaker := range txn.Models() {
						if m.Implies(weaker) && of[weaker].String() != "valid" {
							t.Fatalf("seed %d: %s: %v, and %s implies it\n%s", seed, weaker, of[weaker], m, r.Text(h))
						}
					}
				}
				for m, v := range of {
					if v.String() == "invalid" {
						broken[m]++
					}
				}
			}
			for _, m := range l.breaks {
				if broken[m] == 0 {
					t.Errorf("%s was kept by all of %d histories", m, n)
				}
			}
		})
	}
}
