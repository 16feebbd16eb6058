package levels

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// randomRegisters makes a small history, in which many reads are of what a store might return.
func randomRegisters(r *rand.Rand) *txn.History {
	h := &txn.History{Sessions: 1 + r.IntN(3)}
	keys, n := 1+r.IntN(3), 2+r.IntN(4)
	for k := range keys {
		h.Keys = append(h.Keys, fmt.Sprint("k", k))
	}
	last := make([]int32, keys) // values written so far
	odd := r.IntN(3) == 0       // aborted, indeterminate and strange ones
	clients := h.Sessions
	session, end := make([]int32, clients), make([]int32, clients) // of each client
	for c := range session {
		session[c] = int32(c)
	}
	now := int32(0)
	for range n {
		c := r.IntN(clients)
		x := txn.Txn{First: int32(len(h.Ops)), Session: session[c], Process: session[c], Type: history.OK}
		x.Begin = max(now+int32(1+r.IntN(100)), end[c]+1)
		now = x.Begin
		x.End = x.Begin + int32(1+r.IntN(250))
		end[c] = x.End
		if odd && r.IntN(4) == 0 {
			x.Type = history.Fail
			if r.IntN(2) == 0 {
				x.Type, x.End = history.Info, txn.Never
				session[c] = int32(h.Sessions)
				h.Sessions++
			}
		}
		for range 1 + r.IntN(3) {
			k := int32(r.IntN(keys))
			if r.IntN(2) == 0 {
				last[k]++
				h.Ops = append(h.Ops, txn.Op{F: txn.Write, Key: k, Value: last[k]})
			} else {
				h.Ops = append(h.Ops, txn.Op{F: txn.Read, Known: x.Type == history.OK, Key: k, Value: txn.Nil})
			}
		}
		x.Last = int32(len(h.Ops))
		h.Txns = append(h.Txns, x)
	}
	distinct(h)
	for _, x := range h.Txns {
		own := map[int32]int32{}
		for i := x.First; i < x.Last; i++ {
			o := &h.Ops[i]
			if o.F == txn.Write {
				own[o.Key] = o.Value
				continue
			}
			if !o.Known {
				continue
			}
			if v, ok := own[o.Key]; ok && r.IntN(40) > 0 {
				o.Value = v
				continue
			}
			if v := int32(r.IntN(int(last[o.Key]) + 1)); v > 0 {
				o.Value = v
			}
			if odd && r.IntN(40) == 0 {
				o.Value = 99
			}
			if r.IntN(8) > 0 {
				own[o.Key] = o.Value // repeats it
			}
		}
	}
	return h
}

// distinct gives each begin and end a position of its own.
func distinct(h *txn.History) {
	var at []*int32
	for i := range h.Txns {
		at = append(at, &h.Txns[i].Begin)
		if h.Txns[i].End != txn.Never {
			at = append(at, &h.Txns[i].End)
		}
	}
	slices.SortStableFunc(at, func(a, b *int32) int { return int(*a) - int(*b) })
	for i, p := range at {
		*p = int32(i)
	}
}

// Random small histories are judged as the tried judge them, for every model. CAPSIZE_SEEDS says how many.
func TestRegisterDefinitions(t *testing.T) {
	seeds := 400
	if n, err := strconv.Atoi(os.Getenv("CAPSIZE_SEEDS")); err == nil {
		seeds = n
	}
	valid, invalid := map[txn.Model]int{}, map[txn.Model]int{}
	failures := 0
	for seed := range seeds {
		h := randomRegisters(rand.New(rand.NewPCG(uint64(seed), 11)))
		rep, err := Judge(context.Background(), h, txn.Options{Kind: txn.Registers})
		if err != nil {
			t.Fatal(err)
		}
		b := newTried(h)
		for _, f := range rep.Findings {
			want := checker.Invalid
			if b.holds(f.Model) {
				want = checker.Valid
				valid[f.Model]++
			} else {
				invalid[f.Model]++
			}
			if f.Verdict != want {
				if failures++; failures < 6 {
					t.Errorf("seed %d: %s is %v %s; by its definition it is %v\n%s", seed, f.Model, f.Verdict, f.Reason, want, spelled(h))
				}
			}
			if f.Verdict == checker.Invalid && f.Anomaly < 0 {
				t.Errorf("seed %d: %s is broken without an anomaly", seed, f.Model)
			}
		}
	}
	if failures > 0 {
		t.Errorf("%d verdicts are wrong", failures)
	}
	for _, m := range txn.Models() {
		t.Logf("%-45s %6d valid %6d invalid", m, valid[m], invalid[m])
	}
}

func spelled(h *txn.History) string {
	s := ""
	for t, x := range h.Txns {
		s += fmt.Sprintf("T%d session %d %v [%d %d]:", t, x.Session, x.Type, x.Begin, x.End)
		for _, o := range h.OpsOf(int32(t)) {
			s += " " + h.OpText(o) + ","
		}
		s += "\n"
	}
	return s
}

// dropping returns a history without some of its transactions.
func dropping(h *txn.History, drop func(t int32) bool) *txn.History {
	g := *h
	g.Txns, g.Ops = nil, nil
	for t, x := range h.Txns {
		if !drop(int32(t)) {
			ops := h.OpsOf(int32(t))
			x.First, x.Last = int32(len(g.Ops)), int32(len(g.Ops)+len(ops))
			g.Ops, g.Txns = append(g.Ops, ops...), append(g.Txns, x)
		}
	}
	return &g
}

// What a model says of a history follows the lattice, it keeps what it kept if a transaction that only reads is dropped, and keys and values
// may have other names.
func TestRegisterLattice(t *testing.T) {
	for seed := range uint64(150) {
		h := randomRegisters(rand.New(rand.NewPCG(seed, 23)))
		rep := judged(t, h)
		for _, f := range rep.Findings {
			for _, g := range rep.Findings {
				if f.Verdict == checker.Valid && g.Verdict == checker.Invalid && f.Model.Implies(g.Model) {
					t.Errorf("seed %d: %s holds and %s, which follows, does not", seed, f.Model, g.Model)
				}
			}
			if alone := judged(t, h, f.Model).Findings[0]; alone.Verdict != f.Verdict {
				t.Errorf("seed %d: %s is %v, and alone %v", seed, f.Model, f.Verdict, alone.Verdict)
			}
		}
		for d := range int32(len(h.Txns)) {
			if !h.ReadsOnly(d) {
				continue
			}
			for i, f := range judged(t, dropping(h, func(t int32) bool { return t == d })).Findings {
				if rep.Findings[i].Verdict == checker.Valid && f.Verdict != checker.Valid {
					t.Errorf("seed %d: %s holds, and not without T%d, which only reads", seed, f.Model, d)
				}
			}
		}
		renamed := *h
		renamed.Ops = slices.Clone(h.Ops)
		for i := range renamed.Ops {
			o := &renamed.Ops[i]
			if o.Key = int32(len(h.Keys)-1) - o.Key; o.Value != txn.Nil {
				o.Value = 1000 - 7*o.Value
			}
		}
		for i, f := range judged(t, &renamed).Findings {
			if f.Verdict != rep.Findings[i].Verdict {
				t.Errorf("seed %d: %s is %v, and with other names %v", seed, f.Model, rep.Findings[i].Verdict, f.Verdict)
			}
		}
	}
}

// The same history gives the same report, byte for byte.
func TestRegisterRepeats(t *testing.T) {
	h := store{txns: 300, sessions: 6, ops: 3, keys: 8, writes: .5, level: "si"}.make(3)
	first, err := judged(t, h).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if again, _ := judged(t, h).MarshalJSON(); string(again) != string(first) {
			t.Fatal("another report of the same history")
		}
	}
}
