package registers

import (
	"context"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
	"github.com/capsize-go/capsize/checker/txn/internal/lists"
	"github.com/capsize-go/capsize/history"
)

// A registers has what a history of registers says: who wrote each value that was read, and which version of a key was made from
// which.
//
// The last write of a committed transaction to a key makes a version. Writes are numbered by key; a version has the number of its write.
//
// It has many methods because everything that is inferred needs most of these columns.
type registers struct {
	h         *txn.History
	o         txn.Options
	committed []bool           // by transaction: it succeeded, or one of its writes was read
	writes    []lists.Appended // all writes, by key, and of each key in the order of transactions
	first     []int32          // by key: where its writes begin
	source    []int32          // by operation: of an answered read, the write that it saw, or ofNil, or ofNone
	of        []int32          // by operation: the number of a write

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

// Judge says which models a history of registers keeps. It is an error if a value is written to a key twice: then a read does not tell
// which transaction it saw.
func Judge(ctx context.Context, h *txn.History, o txn.Options) (*txn.Report, error) {
	r := &registers{h: h, o: o}
	if err := r.collect(); err != nil {
		return nil, err
	}
	j := judging.New(h, o)
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
	return j.Report(judged), nil
}

// collect sorts writes and reads by key, and finds for each read the write that it saw.
func (r *registers) collect() error {
	h := r.h
	writes, reads := make([]int32, len(h.Keys)+2), make([]int32, len(h.Keys)+2)
	for t, x := range h.Txns {
		for _, o := range h.Ops[x.First:x.Last] {
			switch {
			case o.F == txn.Write && o.Value == txn.Nil:
				return fmt.Errorf("transaction T%d (%s) writes nil to %s, which is what a register without a value reads as", t, h.Where(int32(t)), h.Keys[o.Key])
			case o.F == txn.Write:
				writes[o.Key+2]++
			case o.F != txn.Read:
				return fmt.Errorf("transaction T%d (%s) has an operation that is no write and no read of a register", t, h.Where(int32(t)))
			case o.Len > 0:
				return fmt.Errorf("transaction T%d (%s) reads %s as a list, and not as a single value", t, h.Where(int32(t)), h.Keys[o.Key])
			case o.Known:
				reads[o.Key+2]++
			}
		}
	}
	for k := range h.Keys {
		writes[k+2] += writes[k+1]
		reads[k+2] += reads[k+1]
	}
	r.writes, r.of = make([]lists.Appended, writes[len(h.Keys)+1]), make([]int32, len(h.Ops))
	byKey := make([]int32, reads[len(h.Keys)+1])
	for t, x := range h.Txns {
		for i := x.First; i < x.Last; i++ {
			switch o := h.Ops[i]; {
			case o.F == txn.Write:
				at := writes[o.Key+1]
				writes[o.Key+1]++
				r.writes[at] = lists.Appended{Value: o.Value, Txn: int32(t), Op: i}
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
	all := &lists.Lists{H: h, Appends: r.writes, First: r.first}
	var find lists.Finder
	for k := range int32(len(h.Keys)) {
		find.Fill(all, k)
		if find.Twice >= 0 {
			return r.twice(k, find.Twice)
		}
		for _, i := range byKey[at[k]:at[k+1]] {
			if h.Ops[i].Value == txn.Nil {
				r.source[i] = ofNil
				continue
			}
			w := find.Find(h.Ops[i].Value)
			r.source[i] = w
			if w >= 0 && h.Txns[r.writes[w].Txn].Type == history.Info {
				r.committed[r.writes[w].Txn] = true
			}
		}
	}
	r.last = make([]int32, len(r.writes))
	for k := range h.Keys {
		for w := r.first[k+1] - 1; w >= r.first[k]; w-- {
			r.last[w] = w
			if w+1 < r.first[k+1] && r.writes[w+1].Txn == r.writes[w].Txn {
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
		if a.Value != b.Value {
			continue
		}
		if a.Txn == b.Txn {
			return fmt.Errorf("transaction T%d (%s) writes %s to %s twice; each value may be written to a key once",
				a.Txn, h.Where(a.Txn), h.Spell(a.Value), h.Keys[k])
		}
		return fmt.Errorf("transaction T%d (%s) and T%d (%s) both write %s to %s; each value may be written to a key once",
			a.Txn, h.Where(a.Txn), b.Txn, h.Where(b.Txn), h.Spell(a.Value), h.Keys[k])
	}
	return fmt.Errorf("a value is written to %s twice", h.Keys[k])
}

// writer returns the transaction of a version, or -1 if it is none.
func (r *registers) writer(version int32) int32 {
	if version < 0 {
		return -1
	}
	return r.writes[version].Txn
}

// readsOf returns what a transaction read of others.
func (r *registers) readsOf(t int32) []seen { return r.reads[r.readAt[t]:r.readAt[t+1]] }

// isVersion reports whether a write made a version.
func (r *registers) isVersion(w int32) bool { return r.last[w] == w && r.committed[r.writes[w].Txn] }

// judge decides the models: by the dependencies that hold in any order of the versions, if they close a cycle or leave nothing open; else by
// the axioms of those that can be decided in polynomial time, and by searches for an order.
func (r *registers) judge(j *judging.Case) {
	edges, n := r.edges()
	edges, n = r.versionOrders(j, edges, n)
	known := edges[:len(edges):len(edges)]
	timed := slices.ContainsFunc(txn.Table, func(s txn.Spec) bool { return s.Also&txn.RT != 0 && (j.Open(s.Model) || useful(j, s.Model)) })
	d := r.deps(n, edges, r.explain, timed)
	for i := len(txn.Table) - 1; i >= 0; i-- {
		s := txn.Table[i]
		switch {
		case s.Rule == txn.NoRule || !j.Open(s.Model):
		case s.Also&txn.RT != 0 && r.h.Untimed:
			j.Unknown(s.Model, "nothing is known of real time")
		case d.Cyclic(judging.Question{Rule: s.Rule, Also: s.Also}):
			j.Broken(s.Model)
		}
	}
	j.AddCycles(d)
	if r.complete() {
		for i := len(txn.Table) - 1; i >= 0; i-- {
			if s := txn.Table[i]; s.Rule != txn.NoRule && !s.More && j.Open(s.Model) {
				j.Kept(s.Model)
			}
		}
	} else {
		r.searchOrders(j, d)
	}
	r.judgeOrders(j, known, n)
}

// deps makes the graph of edges; the order of real time is in it only if it is asked for, since that takes as long as all others.
func (r *registers) deps(n int, edges []graph.Edge, explain func(from, to int32, kind txn.EdgeKind) txn.Edge, timed bool) *judging.Deps {
	h := *r.h
	h.Untimed = h.Untimed || !timed
	return judging.NewDeps(&h, func(t int32) bool { return r.committed[t] }, n, edges, explain)
}

// judgeOrders decides what no search has decided.
func (r *registers) judgeOrders(j *judging.Case, known []graph.Edge, n int) {
	for _, m := range []txn.Model{txn.StrongReadCommitted, txn.StrongSessionReadCommitted, txn.ReadCommitted, txn.StrongReadUncommitted, txn.StrongSessionReadUncommitted, txn.ReadUncommitted} {
		if j.Open(m) { // no cycle of what is known, and any order of the versions that it leaves closes none
			j.Kept(m)
		}
	}
	r.judgeWeak(j, known, n)
	if j.Open(txn.UpdateAtomic) {
		r.searchAtomic(j, known, n)
	}
	r.judgeSessions(j)
	r.judgePerKey(j)
}

// judgePerKey decides the model that asks for serializable transactions and for each key alone for strictly serializable ones.
func (r *registers) judgePerKey(j *judging.Case) {
	if !j.Open(txn.PerKeyStrictSerializable) {
		return
	}
	if r.h.Untimed {
		j.Unknown(txn.PerKeyStrictSerializable, "nothing is known of real time")
		return
	}
	var found judging.Tally
	r.staleKeys(&found)
	found.AddTo(j)
	if at := txn.Position[txn.Serializable]; j.Verdict[at] == checker.Valid {
		if j.Open(txn.PerKeyStrictSerializable) {
			j.Kept(txn.PerKeyStrictSerializable)
		}
	} else {
		j.Unknown(txn.PerKeyStrictSerializable, "whether it is serializable is not known")
	}
}
