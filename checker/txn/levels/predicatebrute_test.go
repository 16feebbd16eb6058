package levels

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/predicates"
	"github.com/capsize-go/capsize/history"
)

// The definitions of serializability and snapshot isolation of rows, tried out on tiny histories in all orders: transactions are carried
// out one after the other on rows, and each has to read what it did. Nothing here is shared with the judge but what a predicate matches.

type rowTable map[int32]int32 // by key: the value of the row

// A rowBrute is a history being tried.
type rowBrute struct {
	h    *txn.History
	keep map[txn.Model]bool
}

// runs carries out a transaction on rows and reports whether it does there what the history says. It returns the rows as it leaves them.
func (b *rowBrute) runs(t int32, rows rowTable) (rowTable, bool) {
	rows = maps.Clone(rows)
	for _, o := range b.h.OpsOf(t) {
		v, there := rows[o.Key]
		switch o.F {
		case txn.Insert:
			if there {
				return nil, false
			}
			rows[o.Key] = o.Value
		case txn.Write:
			rows[o.Key] = o.Value
		case txn.Delete:
			delete(rows, o.Key)
		case txn.Read:
			if o.Known && (there != (o.Value != txn.Nil) || there && v != o.Value) {
				return nil, false
			}
		case txn.ReadAll:
			p, _ := predicates.ParsePredicate(b.h.Predicates[o.Key])
			want := rowTable{}
			for k, v := range rows {
				if p.Matches(b.h, v) {
					want[k] = v
				}
			}
			got := rowTable{}
			for i, list := 0, b.h.List(o); i < len(list); i += 2 {
				got[list[i]] = list[i+1]
			}
			if o.Known && !maps.Equal(want, got) {
				return nil, false
			}
		}
	}
	return rows, true
}

// changed returns the keys that a transaction changes, with their last values.
func (b *rowBrute) changed(t int32) map[int32]int32 {
	all := map[int32]int32{}
	for _, o := range b.h.OpsOf(t) {
		if o.F == txn.Delete {
			all[o.Key] = txn.Nil
		} else if o.F == txn.Insert || o.F == txn.Write {
			all[o.Key] = o.Value
		}
	}
	return all
}

// try tries an order of transactions: each alone, and each on a snapshot.
func (b *rowBrute) try(order []int32) {
	h := b.h
	keepsSO, keepsRT := true, true
	for i, t := range order {
		for _, u := range order[:i] {
			keepsSO = keepsSO && !(h.Txns[t].Session == h.Txns[u].Session && t < u)
			keepsRT = keepsRT && h.Txns[t].End >= h.Txns[u].Begin
		}
	}
	rows, ok := rowTable{}, true
	for _, t := range order {
		if rows, ok = b.runs(t, rows); !ok {
			break
		}
	}
	if ok {
		b.keep[txn.Serializable] = true
		b.keep[txn.StrongSessionSerializable] = b.keep[txn.StrongSessionSerializable] || keepsSO
		b.keep[txn.StrictSerializable] = b.keep[txn.StrictSerializable] || keepsSO && keepsRT
	}
	b.snapshots(order)
}

func (b *rowBrute) snapshots(order []int32) {
	h := b.h
	states := []rowTable{{}}
	for _, t := range order {
		next := maps.Clone(states[len(states)-1])
		for k, v := range b.changed(t) {
			if next[k] = v; v == txn.Nil {
				delete(next, k)
			}
		}
		states = append(states, next)
	}
	all := [3]bool{true, true, true}
	for i, t := range order {
		var can [3]bool
		for s := 0; s <= i; s++ {
			_, ok := b.runs(t, states[s])
			for _, u := range order[s:i] {
				for k := range b.changed(t) {
					_, both := b.changed(u)[k]
					ok = ok && !both
				}
			}
			so, rt := true, true
			for _, u := range order[s:] {
				so = so && !(h.Txns[u].Session == h.Txns[t].Session && u < t)
				rt = rt && h.Txns[u].End >= h.Txns[t].Begin
			}
			can = [3]bool{can[0] || ok, can[1] || ok && so, can[2] || ok && so && rt}
		}
		for n := range all {
			all[n] = all[n] && can[n]
		}
	}
	for n, m := range []txn.Model{txn.SnapshotIsolation, txn.StrongSessionSnapshotIsolation, txn.StrongSnapshotIsolation} {
		b.keep[m] = b.keep[m] || all[n]
	}
}

var rowModels = []txn.Model{txn.Serializable, txn.StrongSessionSerializable, txn.StrictSerializable, txn.SnapshotIsolation, txn.StrongSessionSnapshotIsolation, txn.StrongSnapshotIsolation}

// bruteRows returns which models hold, by trying all orders of all sets of transactions that may have taken effect.
func bruteRows(h *txn.History) map[txn.Model]bool {
	b := &rowBrute{h, map[txn.Model]bool{}}
	var sure, maybe []int32
	for t, x := range h.Txns {
		if x.Type == history.Info {
			maybe = append(maybe, int32(t))
		} else if x.Type == history.OK {
			sure = append(sure, int32(t))
		}
	}
	for set := range 1 << len(maybe) {
		in := slices.Clone(sure)
		for i, t := range maybe {
			if set>>i&1 == 1 {
				in = append(in, t)
			}
		}
		permutations(len(in), func(p []int) {
			order := make([]int32, len(p))
			for i, at := range p {
				order[i] = in[at]
			}
			b.try(order)
		})
	}
	return b.keep
}

// randomRows makes a tiny history of rows: up to four transactions on two keys, each on the state of a moment that may be past.
func randomRows(r *rand.Rand) *txn.History {
	h := &txn.History{Keys: []string{"x", "y"}, Predicates: []string{":true", "[:mod 2 0]"}, Sessions: 2}
	states := []rowTable{{}}
	next := int32(1)
	busy := make([]int32, h.Sessions)
	at := int32(0)
	for range 2 + r.IntN(3) {
		t := txn.Txn{First: int32(len(h.Ops)), Type: history.OK, Session: int32(r.IntN(2))}
		t.Process = t.Session
		t.Begin = max(at+int32(r.IntN(3)), busy[t.Session])
		t.End = t.Begin + 1 + int32(r.IntN(6))
		if r.IntN(8) == 0 {
			t.Type, t.End, t.Session = history.Info, txn.Never, int32(len(busy))
			t.Process, h.Sessions, busy = t.Session, h.Sessions+1, append(busy, 0)
		} else {
			busy[t.Session] = t.End + 1
		}
		at = t.Begin
		base := states[len(states)-1]
		if r.IntN(3) == 0 {
			base = states[r.IntN(len(states))]
		}
		view, commit := maps.Clone(base), maps.Clone(states[len(states)-1])
		for range 1 + r.IntN(3) {
			k := int32(r.IntN(2))
			v, there := view[k]
			switch o := (txn.Op{Key: k, Value: txn.Nil, Known: t.Type == history.OK}); r.IntN(5) {
			case 0, 1:
				o.F, o.Value, o.Known = txn.Write, next, false
				if !there && r.IntN(2) == 0 {
					o.F = txn.Insert
				}
				view[k], commit[k] = next, next
				next++
				h.Ops = append(h.Ops, o)
			case 2:
				o.F, o.Known = txn.Delete, false
				delete(view, k)
				delete(commit, k)
				h.Ops = append(h.Ops, o)
			case 3:
				if o.F = txn.Read; there && o.Known {
					o.Value = v
				}
				h.Ops = append(h.Ops, o)
			default:
				o.F, o.Key, o.Off = txn.ReadAll, int32(r.IntN(2)), int32(len(h.Pool))
				for k := int32(0); k < 2 && o.Known; k++ {
					if v, ok := view[k]; ok && (o.Key == 0 || v%2 == 0) && r.IntN(12) > 0 { // else it misses a row
						h.Pool = append(h.Pool, k, v)
					}
				}
				o.Len = int32(len(h.Pool)) - o.Off
				h.Ops = append(h.Ops, o)
			}
		}
		t.Last = int32(len(h.Ops))
		h.Txns = append(h.Txns, t)
		if t.Type == history.OK || r.IntN(2) == 0 {
			states = append(states, commit)
		}
	}
	sortTxns(h)
	return h
}

// sortTxns puts transactions in the order in which they began, and gives the instants different positions.
func sortTxns(h *txn.History) {
	slices.SortStableFunc(h.Txns, func(a, b txn.Txn) int { return int(a.Begin) - int(b.Begin) })
	positions(h)
}

// TestPredicateBruteForce compares the judge with the definitions. A verdict may be unknown, but neither wrong nor often.
func TestPredicateBruteForce(t *testing.T) {
	n := seeds(300)
	unknown, held, wrong := map[txn.Model]int{}, map[txn.Model]int{}, 0
	for seed := range n {
		h := randomRows(rand.New(rand.NewPCG(uint64(seed), 5)))
		initial := &predicates.Rows{H: h, Base: -1}
		if initial.FindBase(); initial.Base >= 0 {
			continue // the definitions trust no initial state
		}
		r, err := Judge(t.Context(), h, txn.Options{Kind: txn.Predicates})
		if err != nil {
			t.Fatal(err)
		}
		want := bruteRows(h)
		of := map[txn.Model]checker.Verdict{}
		for _, f := range r.Findings {
			of[f.Model] = f.Verdict
		}
		for _, f := range r.Findings {
			for _, m := range txn.Models() {
				if f.Verdict == checker.Valid && f.Model.Implies(m) && of[m] == checker.Invalid {
					t.Fatalf("seed %d: %s is kept, and %s is not\n%s", seed, f.Model, m, showRows(h, r))
				}
			}
			if !slices.Contains(rowModels, f.Model) {
				continue
			}
			if want[f.Model] {
				held[f.Model]++
			}
			if f.Verdict == checker.Unknown {
				unknown[f.Model]++
			} else if want[f.Model] != (f.Verdict == checker.Valid) {
				if wrong++; wrong < 4 {
					t.Errorf("seed %d: %s is %v, by definition %v\n%s", seed, f.Model, f.Verdict, want[f.Model], showRows(h, r))
				}
			}
		}
	}
	t.Logf("of %d: held %v, unknown %v, wrong %d", n, held, unknown, wrong)
	for _, m := range rowModels {
		if held[m] == 0 || held[m] == n || unknown[m] > n/10 {
			t.Errorf("%s holds of %d of %d, and %d are unknown", m, held[m], n, unknown[m])
		}
	}
}

func showRows(h *txn.History, r *txn.Report) string {
	s := ""
	for t, x := range h.Txns {
		s += fmt.Sprintf("T%d session %d %v [%d,%d]", t, x.Session, x.Type, x.Begin, x.End)
		for _, o := range h.OpsOf(int32(t)) {
			name := [...]string{"append", "r", "w", "insert", "delete", "rp"}[o.F]
			if o.F == txn.ReadAll {
				s += fmt.Sprintf(" %s %s %v", name, h.Predicates[o.Key], h.List(o))
			} else {
				s += fmt.Sprintf(" %s %s %s", name, h.Keys[o.Key], h.Spell(o.Value))
			}
			if !o.Known && (o.F == txn.Read || o.F == txn.ReadAll) {
				s += "?"
			}
		}
		s += "\n"
	}
	for _, a := range r.Anomalies {
		s += fmt.Sprintf("%s %v: %s\n", a.Type, a.Breaks, a.Reason)
		for _, e := range a.Edges {
			s += fmt.Sprintf("  T%d -> T%d %d %s\n", e.From, e.To, e.Kind, e.Reason)
		}
	}
	return s
}
