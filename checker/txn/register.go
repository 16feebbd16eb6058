package txn

import (
	"context"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
	"github.com/capsize-go/capsize/history"
)

// A registers has what a history of registers says: who wrote each value that was read, and which version of a key was made from
// which.
//
// The last write of a committed transaction to a key makes a version. Writes are numbered by key; a version has the number of its write.
//
// It has so many methods because everything that is inferred needs most of these columns.
type registers struct {
	h         *History
	o         Options
	committed []bool     // by transaction: it succeeded, or one of its writes was read
	writes    []appended // all writes, by key, and of each key in the order of transactions
	first     []int32    // by key: where its writes begin
	source    []int32    // by operation: of an answered read, the write that it saw, or ofNil, or ofNone
	of        []int32    // by operation: the number of a write

	reads   []seen  // reads of what others wrote, by transaction
	readAt  []int32 // by transaction: where its reads begin
	last    []int32 // by write: the last write of its transaction to its key
	next    []int32 // by version: that which a transaction made after it had read this one, or -1
	prev    []int32 // by version: that which next leads from; -1 if that is not known; ofNil
	place   []int32 // by version: how many of its chain are before it; chainsOf sets it
	nextNil []int32 // by key: the version that was made from nothing, or -1
	forked  bool    // two versions were made from one
}

// A seen is a read of a version that another transaction wrote, or of ofNil: the first of its transaction that saw it.
type seen struct {
	key, version, op int32
	again            int32 // the last operation that saw it again, or op
	late             bool  // after a write of its own: only that the other came before it follows
}

// What a read saw, if it was no write.
const (
	ofNone = -1 // no write that is known
	ofNil  = -2 // nothing: the register had no value
)

func judgeRegisters(ctx context.Context, h *History, o Options) (*Report, error) {
	r := &registers{h: h, o: o}
	if err := r.collect(); err != nil {
		return nil, err
	}
	j := newJudging(h, o)
	r.findLocal(j)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.judge(j)
	judged := 0
	for _, c := range r.committed {
		if c {
			judged++
		}
	}
	return j.report(judged), nil
}

// collect sorts writes and reads by key, and finds for each read the write that it saw.
func (r *registers) collect() error {
	h := r.h
	writes, reads := make([]int32, len(h.Keys)+2), make([]int32, len(h.Keys)+2)
	for t, x := range h.Txns {
		for _, o := range h.Ops[x.First:x.Last] {
			switch {
			case o.F == Write && o.Value == Nil:
				return fmt.Errorf("T%d (%s) writes nil to %s, which is what a register without a value reads as", t, h.where(int32(t)), h.Keys[o.Key])
			case o.F == Write:
				writes[o.Key+2]++
			case o.F != Read:
				return fmt.Errorf("T%d (%s) has an operation that is no write and no read of a register", t, h.where(int32(t)))
			case o.Len > 0:
				return fmt.Errorf("T%d (%s) reads %s as a list, and not as a single value", t, h.where(int32(t)), h.Keys[o.Key])
			case o.Known:
				reads[o.Key+2]++
			}
		}
	}
	for k := range h.Keys {
		writes[k+2] += writes[k+1]
		reads[k+2] += reads[k+1]
	}
	r.writes, r.of = make([]appended, writes[len(h.Keys)+1]), make([]int32, len(h.Ops))
	byKey := make([]int32, reads[len(h.Keys)+1])
	for t, x := range h.Txns {
		for i := x.First; i < x.Last; i++ {
			switch o := h.Ops[i]; {
			case o.F == Write:
				at := writes[o.Key+1]
				writes[o.Key+1]++
				r.writes[at] = appended{value: o.Value, txn: int32(t), op: i}
				r.of[i] = at
			case o.Known:
				byKey[reads[o.Key+1]] = i
				reads[o.Key+1]++
			}
		}
	}
	r.first = writes[:len(h.Keys)+1]
	return r.resolve(byKey, reads)
}

// resolve finds what each read saw, and who committed for it.
func (r *registers) resolve(byKey, at []int32) error {
	h := r.h
	r.source = make([]int32, len(h.Ops))
	r.committed = make([]bool, len(h.Txns))
	for t, x := range h.Txns {
		r.committed[t] = x.Type == history.OK
	}
	all := &lists{h: h, appends: r.writes, first: r.first}
	var find finder
	for k := range int32(len(h.Keys)) {
		find.fill(all, k)
		if find.twice >= 0 {
			return r.twice(k, find.twice)
		}
		for _, i := range byKey[at[k]:at[k+1]] {
			if h.Ops[i].Value == Nil {
				r.source[i] = ofNil
				continue
			}
			w := find.find(h.Ops[i].Value)
			r.source[i] = w
			if w >= 0 && h.Txns[r.writes[w].txn].Type == history.Info {
				r.committed[r.writes[w].txn] = true
			}
		}
	}
	r.last = make([]int32, len(r.writes))
	for k := range h.Keys {
		for w := r.first[k+1] - 1; w >= r.first[k]; w-- {
			r.last[w] = w
			if w+1 < r.first[k+1] && r.writes[w+1].txn == r.writes[w].txn {
				r.last[w] = r.last[w+1]
			}
		}
	}
	return nil
}

// twice is the error for a value that was written to a key a second time.
func (r *registers) twice(k, second int32) error {
	h, b := r.h, r.writes[second]
	for _, a := range r.writes[r.first[k]:second] {
		if a.value != b.value {
			continue
		}
		if a.txn == b.txn {
			return fmt.Errorf("T%d (%s) writes %s to %s twice; each value may be written to a key once",
				a.txn, h.where(a.txn), h.value(a.value), h.Keys[k])
		}
		return fmt.Errorf("T%d (%s) and T%d (%s) both write %s to %s; each value may be written to a key once",
			a.txn, h.where(a.txn), b.txn, h.where(b.txn), h.value(a.value), h.Keys[k])
	}
	return fmt.Errorf("a value is written to %s twice", h.Keys[k])
}

// writer returns the transaction of a version, or -1 if it is none.
func (r *registers) writer(version int32) int32 {
	if version < 0 {
		return -1
	}
	return r.writes[version].txn
}

// readsOf returns what a transaction read of others.
func (r *registers) readsOf(t int32) []seen { return r.reads[r.readAt[t]:r.readAt[t+1]] }

// isVersion reports whether a write made a version.
func (r *registers) isVersion(w int32) bool { return r.last[w] == w && r.committed[r.writes[w].txn] }

// judge decides the models: by the dependencies that hold in any order of the versions, if they close a cycle or leave nothing open; else by
// the axioms of those that can be decided in polynomial time, and by searches for an order.
func (r *registers) judge(j *judging) {
	edges, n := r.edges()
	edges, n = r.versionOrders(j, edges, n)
	known := edges[:len(edges):len(edges)]
	timed := slices.ContainsFunc(table, func(s spec) bool { return s.also&RT != 0 && (j.open(s.model) || useful(j, s.model)) })
	d := r.deps(n, edges, r.explain, timed)
	for i := len(table) - 1; i >= 0; i-- {
		s := table[i]
		switch {
		case s.rule == ruleNone || !j.open(s.model):
		case s.also&RT != 0 && r.h.Untimed:
			j.unknown(s.model, "nothing is known of real time")
		case d.cyclic(question{s.rule, s.also}):
			j.broken(s.model)
		}
	}
	j.addCycles(d)
	if r.complete() {
		for i := len(table) - 1; i >= 0; i-- {
			if s := table[i]; s.rule != ruleNone && !s.more && j.open(s.model) {
				j.kept(s.model)
			}
		}
	} else {
		r.searchOrders(j, d)
	}
	r.judgeOrders(j, known, n)
}

// deps makes the graph of edges; the order of real time is in it only if it is asked for, since that takes as long as all others.
func (r *registers) deps(n int, edges []graph.Edge, explain func(from, to int32, kind EdgeKind) Edge, timed bool) *deps {
	h := *r.h
	h.Untimed = h.Untimed || !timed
	return newDeps(&h, func(t int32) bool { return r.committed[t] }, n, edges, explain)
}

// judgeOrders decides what no search has decided.
func (r *registers) judgeOrders(j *judging, known []graph.Edge, n int) {
	for _, m := range []Model{StrongReadCommitted, StrongSessionReadCommitted, ReadCommitted, StrongReadUncommitted, StrongSessionReadUncommitted, ReadUncommitted} {
		if j.open(m) { // no cycle of what is known, and any order of the versions that it leaves closes none
			j.kept(m)
		}
	}
	r.judgeWeak(j, known, n)
	if j.open(UpdateAtomic) {
		r.searchAtomic(j, known, n)
	}
	r.judgeSessions(j)
	r.judgePerKey(j)
}

// judgePerKey decides the model that asks for serializable transactions and for each key alone for strictly serializable ones.
func (r *registers) judgePerKey(j *judging) {
	if !j.open(PerKeyStrictSerializable) {
		return
	}
	if r.h.Untimed {
		j.unknown(PerKeyStrictSerializable, "nothing is known of real time")
		return
	}
	var found tally
	r.staleKeys(&found)
	found.addTo(j)
	if at := position[Serializable]; j.verdict[at] == checker.Valid {
		if j.open(PerKeyStrictSerializable) {
			j.kept(PerKeyStrictSerializable)
		}
	} else {
		j.unknown(PerKeyStrictSerializable, "whether it is serializable is not known")
	}
}
