package levels

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// A store is a simulated database of registers, with the histories that it makes.
type store struct {
	txns, sessions, ops, keys int
	level                     string // strict: each transaction has an instant between its begin and end; ser: as strict, but those that only read do so in the past;
	//                                  si: a snapshot, of when it began, and a commit; gsi: as si, with a snapshot of the past
	writes float64
	update bool // a write follows a read of its key
	rotate int  // after how many writes a key is used no more; 0 is never
}

// make runs the transactions of a store. Every event is a position of its own.
func (s store) make(seed uint64) *txn.History {
	r := rand.New(rand.NewPCG(seed, 5))
	h := &txn.History{Sessions: s.sessions}
	type version struct{ value, at int32 }
	var log [][]version // by key
	var active []int32
	writes := []int{}
	fresh := func() int32 {
		k := int32(len(log))
		log = append(log, nil)
		h.Keys = append(h.Keys, fmt.Sprint(k))
		writes = append(writes, 0)
		return k
	}
	for range s.keys {
		active = append(active, fresh())
	}
	type running struct {
		txn      int32
		snapshot int32
		phase    int
	}
	open := make([]running, s.sessions)
	for i := range open {
		open[i].txn = -1
	}
	clock, started, onlyReads := int32(0), 0, false
	read := func(k, at int32) int32 {
		for i := len(log[k]) - 1; i >= 0; i-- {
			if log[k][i].at <= at {
				return log[k][i].value
			}
		}
		return txn.Nil
	}
	execute := func(o *running, at int32) bool { // runs it at an instant; false if it has to abort
		x := &h.Txns[o.txn]
		x.First = int32(len(h.Ops))
		own := map[int32]int32{}
		seen := func(k int32) int32 {
			if v, ok := own[k]; ok {
				return v
			}
			return read(k, at)
		}
		n := 1 + r.IntN(2*s.ops-1)
		for range n {
			i := r.IntN(len(active))
			k := active[i]
			if onlyReads || r.Float64() >= s.writes {
				h.Ops = append(h.Ops, txn.Op{F: txn.Read, Known: true, Key: k, Value: seen(k)})
				continue
			}
			if _, again := own[k]; again {
				continue
			}
			if s.update {
				h.Ops = append(h.Ops, txn.Op{F: txn.Read, Known: true, Key: k, Value: seen(k)})
			}
			if n := len(log[k]); (s.level == "si" || s.level == "gsi") && n > 0 && log[k][n-1].at > at {
				h.Ops = h.Ops[:x.First]
				x.Last = x.First
				return false
			}
			writes[k]++
			own[k] = int32(writes[k])
			h.Ops = append(h.Ops, txn.Op{F: txn.Write, Key: k, Value: own[k]})
			if s.rotate > 0 && writes[k] == s.rotate {
				active[i] = fresh()
			}
		}
		x.Last = int32(len(h.Ops))
		clock++
		for k, v := range own {
			log[k] = append(log[k], version{v, clock})
		}
		return true
	}
	for done := 0; done < s.txns; {
		i := r.IntN(s.sessions)
		o := &open[i]
		switch {
		case o.txn < 0:
			if started == s.txns {
				// wait for the others
				if done+1 > s.txns {
					break
				}
				continue
			}
			*o = running{txn: int32(len(h.Txns)), phase: 1}
			started++
			clock++
			o.snapshot = clock
			h.Txns = append(h.Txns, txn.Txn{Session: int32(i), Process: int32(i), Type: history.OK, Begin: clock, End: txn.Never})
		case o.phase == 1:
			at := clock
			switch s.level {
			case "si":
				at = o.snapshot
			case "gsi":
				at = max(0, o.snapshot-int32(r.IntN(300)))
			case "ser":
				if onlyReads = r.IntN(2) == 0; onlyReads {
					at = max(0, clock-int32(r.IntN(300)))
				}
			}
			if !execute(o, at) {
				h.Txns[o.txn].Type = history.Fail
			}
			o.phase = 2
		default:
			clock++
			h.Txns[o.txn].End = clock
			o.txn = -1
			done++
		}
	}
	return h
}

func judged(b testing.TB, h *txn.History, models ...txn.Model) *txn.Report {
	rep, err := Judge(context.Background(), h, txn.Options{Kind: txn.Registers, Models: models})
	if err != nil {
		b.Fatal(err)
	}
	return rep
}

// benchmark judges a history; want are the verdicts expected.
func benchmark(b *testing.B, h *txn.History, want map[txn.Model]checker.Verdict, models ...txn.Model) {
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		rep := judged(b, h, models...)
		for _, f := range rep.Findings {
			if v, ok := want[f.Model]; ok && v != f.Verdict {
				b.Fatalf("%s: %v %s", f.Model, f.Verdict, f.Reason)
			}
		}
	}
	b.ReportMetric(float64(len(h.Txns)), "txns")
}

// million is how many transactions the large benchmarks judge.
const million = 1_000_000

func BenchmarkRegisterUpdates1M(b *testing.B) {
	h := store{txns: million, sessions: 50, ops: 2, keys: 50, writes: .5, update: true, rotate: 64, level: "strict"}.make(1)
	b.Run("strict", func(b *testing.B) {
		benchmark(b, h, map[txn.Model]checker.Verdict{txn.StrictSerializable: checker.Valid}, txn.StrictSerializable, txn.Serializable, txn.SnapshotIsolation)
	})
	b.Run("all", func(b *testing.B) {
		benchmark(b, h, map[txn.Model]checker.Verdict{txn.StrictSerializable: checker.Valid})
	})
	h = store{txns: million, sessions: 50, ops: 2, keys: 50, writes: .5, update: true, rotate: 64, level: "si"}.make(1)
	b.Run("si", func(b *testing.B) {
		benchmark(b, h, map[txn.Model]checker.Verdict{txn.StrongSnapshotIsolation: checker.Valid, txn.Serializable: checker.Invalid}, txn.StrictSerializable, txn.Serializable, txn.SnapshotIsolation)
	})
}

func BenchmarkRegisterBlind1M(b *testing.B) {
	h := store{txns: million, sessions: 50, ops: 4, keys: 1000, writes: .5, rotate: 256, level: "strict"}.make(1)
	for _, m := range []txn.Model{txn.MonotonicAtomicView, txn.ReadAtomic, txn.Causal} {
		b.Run(string(m), func(b *testing.B) { benchmark(b, h, map[txn.Model]checker.Verdict{m: checker.Valid}, m) })
	}
}

func BenchmarkRegisterBlind10k(b *testing.B) {
	for _, level := range []string{"strict", "si"} {
		for _, keys := range []int{10, 100, 1000} {
			h := store{txns: 10_000, sessions: 20, ops: 4, keys: keys, writes: .5, level: level}.make(1)
			for _, m := range []txn.Model{txn.StrictSerializable, txn.Serializable, txn.SnapshotIsolation} {
				b.Run(fmt.Sprintf("%s/%d-keys/%s", level, keys, m), func(b *testing.B) {
					want := map[txn.Model]checker.Verdict{m: checker.Valid}
					switch {
					case level != "si" || m == txn.SnapshotIsolation:
					case m == txn.Serializable && keys == 1000: // write skew is rare there
						want = nil
					default:
						want[m] = checker.Invalid
					}
					benchmark(b, h, want, m)
				})
			}
		}
	}
}
