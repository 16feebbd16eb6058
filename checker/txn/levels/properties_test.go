package levels

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/lists"
	"github.com/capsize-go/capsize/history"
)

// someHistories calls f with tiny histories and with ones of simulated databases.
func someHistories(n int, f func(seed int, h *txn.History)) {
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 20))
		switch seed % 3 {
		case 0:
			f(seed, randomLists(r))
		case 1:
			f(seed, unreadLists(r))
		default:
			f(seed, simulate(levels[seed/3%len(levels)].name, uint64(seed), 40, 4, 3, 5))
		}
	}
}

// TestLattice judges each model alone: the verdict has to be that which it has among all, and what a model implies has to hold if it does.
func TestLattice(t *testing.T) {
	someHistories(seeds(90), func(seed int, h *txn.History) {
		of, _ := verdicts(t, h)
		alone := map[txn.Model]checker.Verdict{}
		for _, m := range txn.Models() {
			r, err := Judge(context.Background(), h, txn.Options{Models: []txn.Model{m}})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Findings) != 1 || r.Findings[0].Model != m {
				t.Fatalf("asked for %s, got %v", m, r.Findings)
			}
			if alone[m] = r.Findings[0].Verdict; alone[m] != of[m] {
				t.Errorf("seed %d: %s is %v alone and %v among all\n%s", seed, m, alone[m], of[m], show(h))
			}
		}
		for _, m := range txn.Models() {
			for _, o := range txn.Models() {
				if alone[m] == checker.Valid && m.Implies(o) && alone[o] != checker.Valid {
					t.Errorf("seed %d: %s holds and %s, which it implies, is %v\n%s", seed, m, o, alone[o], show(h))
				}
			}
		}
	})
}

func TestImplies(t *testing.T) {
	for _, m := range txn.Models() {
		if !m.Implies(m) || m.Doc() == "" {
			t.Errorf("%s: implies itself %v, doc %q", m, m.Implies(m), m.Doc())
		}
		for _, o := range txn.Models() {
			if m != o && m.Implies(o) && o.Implies(m) {
				t.Errorf("%s and %s imply each other", m, o)
			}
		}
		if m != txn.StrictSerializable && !txn.StrictSerializable.Implies(m) {
			t.Errorf("the strongest model does not imply %s", m)
		}
	}
	if txn.Model("nothing").Implies(txn.Serializable) || txn.Serializable.Implies("nothing") {
		t.Error("a model that is none implies something")
	}
}

// changed returns a history with other keys, values and sessions, and the transactions for which keep is true.
func changed(h *txn.History, r *rand.Rand, keep func(x txn.Txn, ops []txn.Op) bool) *txn.History {
	g := &txn.History{Sessions: h.Sessions, Untimed: h.Untimed}
	keys, sessions := r.Perm(len(h.Keys)), r.Perm(h.Sessions)
	g.Keys = make([]string, len(h.Keys))
	for i, k := range keys {
		g.Keys[k] = "k" + h.Keys[i]
	}
	for t, x := range h.Txns {
		ops := h.OpsOf(int32(t))
		if !keep(x, ops) {
			continue
		}
		x.First = int32(len(g.Ops))
		x.Session = int32(sessions[x.Session])
		for _, o := range ops {
			o.Key = int32(keys[o.Key])
			if o.F == txn.Append {
				o.Value = o.Value*7919 + 13
			}
			off := int32(len(g.Pool))
			for _, v := range h.List(o) {
				g.Pool = append(g.Pool, v*7919+13)
			}
			o.Off = off
			g.Ops = append(g.Ops, o)
		}
		x.Last = int32(len(g.Ops))
		g.Txns = append(g.Txns, x)
	}
	return g
}

// TestNamesDoNotMatter gives keys, values and sessions other names.
func TestNamesDoNotMatter(t *testing.T) {
	someHistories(seeds(200), func(seed int, h *txn.History) {
		of, _ := verdicts(t, h)
		g := changed(h, rand.New(rand.NewPCG(uint64(seed), 21)), func(txn.Txn, []txn.Op) bool { return true })
		got, _ := verdicts(t, g)
		for m, v := range of {
			if got[m] != v {
				t.Errorf("seed %d: %s is %v, and %v with other names\n%s", seed, m, v, got[m], show(h))
			}
		}
	})
}

// TestReadsOnlyAdd leaves transactions out that only read: what held still holds.
func TestReadsOnlyAdd(t *testing.T) {
	someHistories(seeds(200), func(seed int, h *txn.History) {
		of, before := verdicts(t, h)
		// Without reads that fit one order, the longest is taken for it, and another may be the longest of those that are left.
		odd := slices.ContainsFunc(before.Anomalies, func(a txn.Anomaly) bool { return a.Type == "incompatible-order" })
		r := rand.New(rand.NewPCG(uint64(seed), 22))
		g := changed(h, r, func(x txn.Txn, ops []txn.Op) bool {
			return x.Type != history.OK || slices.ContainsFunc(ops, func(o txn.Op) bool { return o.F == txn.Append }) || r.IntN(2) == 0
		})
		got, _ := verdicts(t, g)
		for m, v := range of {
			if v == checker.Valid && got[m] != checker.Valid && !(odd && txn.StrongReadUncommitted.Implies(m)) {
				t.Errorf("seed %d: %s holds, and is %v with fewer reads\n%s%s", seed, m, got[m], show(h), show(g))
			}
		}
	})
}

// TestFinalRead reads all keys at the end of histories of which all appends were read: what held still holds.
func TestFinalRead(t *testing.T) {
	added := 0
	someHistories(seeds(200), func(seed int, h *txn.History) {
		l, err := lists.NewLists(h)
		if err != nil {
			t.Fatal(err)
		}
		of, _ := verdicts(t, h)
		if len(l.Unread) > 0 || of[txn.ReadCommitted] != checker.Valid {
			return
		}
		added++
		g := changed(h, rand.New(rand.NewPCG(uint64(seed), 23)), func(txn.Txn, []txn.Op) bool { return true })
		l, err = lists.NewLists(g)
		if err != nil {
			t.Fatal(err)
		}
		x := txn.Txn{First: int32(len(g.Ops)), Session: int32(g.Sessions), Process: 9999, Type: history.OK, Begin: 1 << 20, End: 1<<20 + 1}
		for k, o := range l.Order {
			o.F, o.Known, o.Key, o.Value = txn.Read, true, int32(k), txn.Nil
			g.Ops = append(g.Ops, o)
		}
		x.Last = int32(len(g.Ops))
		g.Sessions++
		g.Txns = append(g.Txns, x)
		got, _ := verdicts(t, g)
		for m, v := range of {
			if v == checker.Valid && got[m] != checker.Valid {
				t.Errorf("seed %d: %s holds, and is %v with a read of everything at the end\n%s", seed, m, got[m], show(g))
			}
		}
	})
	if added == 0 {
		t.Error("no history had all of its appends read")
	}
}

// TestSameReport judges histories twice, by several at a time.
func TestSameReport(t *testing.T) {
	someHistories(seeds(60), func(seed int, h *txn.History) {
		done := make(chan []byte)
		for range 3 {
			go func() {
				r, err := Judge(context.Background(), h, txn.Options{})
				if err != nil {
					t.Error(err)
				}
				b, err := json.Marshal(r)
				if err != nil {
					t.Error(err)
				}
				done <- append(b, r.Text(h)...)
			}()
		}
		first := <-done
		for range 2 {
			if again := <-done; !bytes.Equal(first, again) {
				t.Errorf("seed %d: two reports of one history:\n%s\n%s", seed, first, again)
			}
		}
	})
}

// TestEdgesHaveReasons looks at the cycles that are reported: each edge says what was observed, and ends where the next begins.
func TestEdgesHaveReasons(t *testing.T) {
	someHistories(seeds(900), func(seed int, h *txn.History) {
		_, r := verdicts(t, h)
		for _, a := range r.Anomalies {
			if _, ok := txn.AnomalyDoc(a.Type); !ok {
				t.Errorf("%s is no type of anomaly", a.Type)
			}
			if len(a.Breaks) == 0 || a.Reason == "" || len(a.Txns) == 0 {
				t.Errorf("seed %d: %+v breaks nothing, or has no reason", seed, a)
			}
			for i, e := range a.Edges {
				next := a.Edges[(i+1)%len(a.Edges)]
				if e.Reason == "" || e.From != a.Txns[i] || e.To != next.From || (e.Key == "") != (e.Kind == txn.SO || e.Kind == txn.RT) {
					t.Errorf("seed %d: %s: edge %+v, next %+v\n%s", seed, a.Type, e, next, show(h))
				}
			}
		}
	})
}
