package levels

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/cputime"
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
	m := &storeRun{store: s, r: rand.New(rand.NewPCG(seed, 5)), h: &txn.History{Sessions: s.sessions}}
	for range s.keys {
		m.active = append(m.active, m.newKey())
	}
	open := make([]storeTxn, s.sessions)
	for i := range open {
		open[i].txn = -1
	}
	for done, started := 0, 0; done < s.txns; {
		i := m.r.IntN(s.sessions)
		o := &open[i]
		switch {
		case o.txn < 0 && started == s.txns: // wait for the others
		case o.txn < 0:
			started++
			m.clock++
			*o = storeTxn{txn: int32(len(m.h.Txns)), snapshot: m.clock}
			m.h.Txns = append(m.h.Txns, txn.Txn{Session: int32(i), Process: int32(i), Type: history.OK, Begin: m.clock, End: txn.Never})
		case !o.ran:
			if !m.execute(o.txn, m.instant(o)) {
				m.h.Txns[o.txn].Type = history.Fail
			}
			o.ran = true
		default:
			m.clock++
			m.h.Txns[o.txn].End = m.clock
			o.txn = -1
			done++
		}
	}
	return m.h
}

// A storeVersion is a value that a key had from an instant on.
type storeVersion struct{ value, at int32 }

// A storeTxn is the running transaction of a session.
type storeTxn struct {
	txn, snapshot int32 // -1 for no transaction; the instant when it began
	ran           bool
}

// A storeRun is the state of a [store] while it makes a history.
type storeRun struct {
	store
	r         *rand.Rand
	h         *txn.History
	log       [][]storeVersion // by key
	writes    []int            // by key: how many values it was given
	active    []int32          // keys that are in use
	clock     int32
	onlyReads bool // what is executed now
}

func (m *storeRun) newKey() int32 {
	k := int32(len(m.log))
	m.log = append(m.log, nil)
	m.h.Keys = append(m.h.Keys, fmt.Sprint(k))
	m.writes = append(m.writes, 0)
	return k
}

// instant returns the instant whose versions a transaction sees.
func (m *storeRun) instant(o *storeTxn) int32 {
	switch m.level {
	case "si":
		return o.snapshot
	case "gsi":
		return max(0, o.snapshot-int32(m.r.IntN(300)))
	case "ser":
		if m.onlyReads = m.r.IntN(2) == 0; m.onlyReads {
			return max(0, m.clock-int32(m.r.IntN(300)))
		}
	}
	return m.clock
}

func (m *storeRun) read(k, at int32, own map[int32]int32) int32 {
	if v, ok := own[k]; ok {
		return v
	}
	for i := len(m.log[k]) - 1; i >= 0; i-- {
		if m.log[k][i].at <= at {
			return m.log[k][i].value
		}
	}
	return txn.Nil
}

// execute runs a transaction at an instant; false if it has to abort.
func (m *storeRun) execute(t, at int32) bool {
	x := &m.h.Txns[t]
	x.First = int32(len(m.h.Ops))
	own := map[int32]int32{}
	for range 1 + m.r.IntN(2*m.ops-1) {
		i := m.r.IntN(len(m.active))
		k := m.active[i]
		if m.onlyReads || m.r.Float64() >= m.store.writes {
			m.h.Ops = append(m.h.Ops, txn.Op{F: txn.Read, Known: true, Key: k, Value: m.read(k, at, own)})
			continue
		}
		if _, again := own[k]; again {
			continue
		}
		if m.update {
			m.h.Ops = append(m.h.Ops, txn.Op{F: txn.Read, Known: true, Key: k, Value: m.read(k, at, own)})
		}
		if n := len(m.log[k]); (m.level == "si" || m.level == "gsi") && n > 0 && m.log[k][n-1].at > at {
			m.h.Ops = m.h.Ops[:x.First]
			x.Last = x.First
			return false
		}
		m.writes[k]++
		own[k] = int32(m.writes[k])
		m.h.Ops = append(m.h.Ops, txn.Op{F: txn.Write, Key: k, Value: own[k]})
		if m.rotate > 0 && m.writes[k] == m.rotate {
			m.active[i] = m.newKey()
		}
	}
	x.Last = int32(len(m.h.Ops))
	m.clock++
	for k, v := range own { // order: each key has a log of its own
		m.log[k] = append(m.log[k], storeVersion{v, m.clock})
	}
	return true
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
	began := cputime.Used()
	for range b.N {
		rep := judged(b, h, models...)
		for _, f := range rep.Findings {
			if v, ok := want[f.Model]; ok && v != f.Verdict {
				b.Fatalf("%s: %v %s", f.Model, f.Verdict, f.Reason)
			}
		}
	}
	b.ReportMetric(float64(len(h.Txns)), "txns")
	b.ReportMetric((cputime.Used()-began).Seconds()/float64(b.N), "cpu-s/op")
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

// BenchmarkRegisterAll10k judges blind writes by all models.
func BenchmarkRegisterAll10k(b *testing.B) {
	for _, level := range []string{"strict", "si", "gsi"} {
		for _, keys := range []int{100, 1000} {
			for _, ops := range []int{4, 8} {
				b.Run(fmt.Sprintf("%s/%d-keys/%d-ops", level, keys, ops), func(b *testing.B) {
					h := store{txns: 10_000, sessions: 20, ops: ops, keys: keys, writes: .5, level: level}.make(1)
					want := map[txn.Model]checker.Verdict{txn.SnapshotIsolation: checker.Valid}
					if level == "strict" {
						want[txn.StrictSerializable] = checker.Valid
					}
					benchmark(b, h, want)
				})
			}
		}
	}
}
