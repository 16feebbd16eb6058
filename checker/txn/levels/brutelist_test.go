package levels

import (
	"cmp"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// seeds returns how many seeds a sweep tries: few, or as many as CAPSIZE_SEEDS says.
func seeds(few int) int {
	if n, err := strconv.Atoi(os.Getenv("CAPSIZE_SEEDS")); err == nil {
		return n
	}
	return few
}

// A maker makes the operations of tiny histories.
type maker struct {
	r      *rand.Rand
	h      *txn.History
	state  [][]int32 // by key: the order of versions
	next   int32     // the next value
	unread bool      // most of what is appended is never read
}

// randomLists makes a tiny history of lists: up to four transactions on two keys. Most reads see the newest version, others an older one.
func randomLists(r *rand.Rand) *txn.History {
	h := &txn.History{Keys: []string{"x", "y"}, Sessions: 2}
	if r.IntN(4) == 0 {
		h.Sessions = 3
	}
	n := 2 + r.IntN(3)
	m := &maker{r: r, h: h, state: make([][]int32, 2), next: 1, unread: r.IntN(3) == 0}
	if m.unread {
		n++
	}
	busy := make([]int32, h.Sessions)
	at := int32(0)
	for range n {
		t := txn.Txn{First: int32(len(h.Ops)), Type: history.OK, Session: int32(r.IntN(h.Sessions))}
		t.Process = t.Session
		t.Begin = max(at+int32(r.IntN(3)), busy[t.Session])
		t.End = t.Begin + 1 + int32(r.IntN(6))
		if r.IntN(8) == 0 {
			t.Type, t.End = history.Info, txn.Never
		}
		busy[t.Session] = t.End + 1
		if t.End == txn.Never { // a process ends with it
			busy[t.Session] = t.Begin + 1
			t.Session, t.Process = int32(h.Sessions), int32(h.Sessions)
			h.Sessions++
			busy = append(busy, 0)
		}
		at = t.Begin
		base, own := m.ops(t)
		for k := range own { // mostly at the end
			to := len(m.state[k])
			if r.IntN(3) == 0 {
				to = base[k]
			}
			m.state[k] = append(append(append([]int32(nil), m.state[k][:to]...), own[k]...), m.state[k][to:]...)
		}
		t.Last = int32(len(h.Ops))
		h.Txns = append(h.Txns, t)
	}
	positions(h)
	return h
}

// ops adds the operations of a transaction. It returns the version that it saw of each key, and what it appended.
func (m *maker) ops(t txn.Txn) (base []int, own [2][]int32) {
	r, h := m.r, m.h
	base = make([]int, 2)
	for k := range base {
		base[k] = len(m.state[k])
		if r.IntN(3) == 0 {
			base[k] = r.IntN(len(m.state[k]) + 1)
		}
		if m.unread { // what is never read is in any order
			base[k] = min(base[k], 1)
		}
	}
	for range 1 + r.IntN(3) {
		k := r.IntN(2)
		if r.IntN(2) == 0 {
			own[k] = append(own[k], m.next)
			h.Ops = append(h.Ops, txn.Op{F: txn.Append, Key: int32(k), Value: m.next})
			m.next++
			continue
		}
		if r.IntN(6) == 0 && !m.unread {
			base[k] = r.IntN(len(m.state[k]) + 1)
		}
		o := txn.Op{F: txn.Read, Key: int32(k), Value: txn.Nil, Known: t.Type == history.OK, Off: int32(len(h.Pool))}
		if o.Known {
			h.Pool = append(h.Pool, m.state[k][:base[k]]...)
			if r.IntN(12) > 0 {
				h.Pool = append(h.Pool, own[k]...)
			}
		}
		o.Len = int32(len(h.Pool)) - o.Off
		h.Ops = append(h.Ops, o)
	}
	return base, own
}

// positions makes the positions of a history differ.
func positions(h *txn.History) {
	type event struct {
		at  int32
		pos *int32
	}
	var all []event
	for i := range h.Txns {
		t := &h.Txns[i]
		if all = append(all, event{t.Begin, &t.Begin}); t.End != txn.Never {
			all = append(all, event{t.End, &t.End})
		}
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	for i, e := range all {
		*e.pos = int32(i)
	}
}

// TestListBruteForce compares the judge with the definitions.
func TestListBruteForce(t *testing.T) {
	wrong := map[txn.Model]int{}
	held := map[txn.Model]int{}
	n := seeds(500)
	for seed := range n {
		h := randomLists(rand.New(rand.NewPCG(uint64(seed), 18)))
		want, odd := bruteForce(h)
		of, r := verdicts(t, h)
		for m := range definitions() {
			if want[m] {
				held[m]++
			}
			if odd && (txn.StrongReadUncommitted.Implies(m) || txn.PRAM.Implies(m) || m == txn.WritesFollowReads) {
				continue
			}
			if (of[m] == checker.Valid) != want[m] {
				if wrong[m]++; wrong[m] <= 2 {
					t.Errorf("seed %d: %s: judged %v, by definition %v\n%s%v", seed, m, of[m], want[m], show(h), r.Text(h))
				}
			}
		}
	}
	if len(wrong) > 0 {
		t.Errorf("wrong: %v of %d", wrong, n)
	}
	for m := range definitions() {
		if held[m] == 0 || held[m] == n {
			t.Errorf("%s holds of %d of %d histories, so that nothing was compared", m, held[m], n)
		}
	}
}

// unreadLists makes a history of up to six transactions on three keys, of which most appends are never read.
func unreadLists(r *rand.Rand) *txn.History {
	h := &txn.History{Keys: []string{"x", "y", "z"}, Sessions: 6}
	n := 4 + r.IntN(3)
	var made [3][]int32
	for t := range n {
		x := txn.Txn{First: int32(len(h.Ops)), Type: history.OK, Begin: int32(2 * t), End: int32(2*t + 1 + 2*r.IntN(n))}
		if x.Session = int32(t); r.IntN(3) == 0 && t > 0 {
			x.Session = h.Txns[t-1].Session
			x.Begin = max(x.Begin, h.Txns[t-1].End+1)
			x.End = max(x.End, x.Begin+1)
		}
		x.Process = x.Session
		used := 0
		for range 1 + r.IntN(3) {
			k := int32(r.IntN(3))
			if used>>k&1 == 1 {
				continue
			}
			used |= 1 << k
			if r.IntN(2) == 0 && len(made[k]) < 3 {
				v := int32(10*int(k) + len(made[k]) + 1)
				made[k] = append(made[k], v)
				h.Ops = append(h.Ops, txn.Op{F: txn.Append, Key: k, Value: v})
				continue
			}
			o := txn.Op{F: txn.Read, Known: true, Key: k, Value: txn.Nil, Off: int32(len(h.Pool)), Len: int32(r.IntN(2))}
			if o.Len > int32(len(made[k])) {
				o.Len = 0
			}
			h.Pool = append(h.Pool, made[k][:o.Len]...)
			h.Ops = append(h.Ops, o)
		}
		x.Last = int32(len(h.Ops))
		h.Txns = append(h.Txns, x)
	}
	positions(h)
	return h
}

// TestListUnread compares with the definitions where most of the order of versions is open.
func TestListUnread(t *testing.T) {
	of := []txn.Model{txn.ConsistentView, txn.UpdateSerializable, txn.ParallelSnapshotIsolation,
		txn.StrongSessionParallelSnapshotIsolation, txn.SnapshotIsolation, txn.StrongSessionSnapshotIsolation, txn.StrongSnapshotIsolation, txn.RepeatableRead}
	wrong, held, chosen := map[txn.Model]int{}, map[txn.Model]int{}, 0
	n := seeds(1200)
	for seed := range n {
		h := unreadLists(rand.New(rand.NewPCG(uint64(seed), 19)))
		want := map[txn.Model]bool{}
		b := &brute{h: h, n: len(h.Txns), keep: want, noInternal: true}
		for i := range h.Txns {
			b.in = append(b.in, int32(i))
		}
		b.orders()
		b.versionOrders()
		got, r := verdicts(t, h)
		for _, a := range r.Anomalies {
			for _, e := range a.Edges {
				if strings.Contains(e.Reason.String(), "the other order") {
					chosen++
				}
			}
		}
		for _, m := range of {
			if want[m] {
				held[m]++
			}
			if (got[m] == checker.Valid) != want[m] && !b.odd {
				if wrong[m]++; wrong[m] <= 2 {
					t.Errorf("seed %d: %s: judged %v, by definition %v\n%s%v", seed, m, got[m], want[m], show(h), r.Text(h))
				}
			}
		}
	}
	t.Logf("%d cycles had a chosen edge", chosen)
	if len(wrong) > 0 {
		t.Errorf("wrong: %v of %d", wrong, n)
	}
	for _, m := range of {
		if held[m] == 0 || held[m] == n {
			t.Errorf("%s holds of %d of %d histories, so that nothing was compared", m, held[m], n)
		}
	}
}

func definitions() map[txn.Model]bool {
	all := map[txn.Model]bool{}
	for _, a := range atomic {
		all[a.model] = true
	}
	for _, m := range append([]txn.Model{txn.PerKeyStrictSerializable}, adya...) {
		all[m] = true
	}
	return all
}

func show(h *txn.History) string {
	s := ""
	for t, x := range h.Txns {
		s += "T" + strconv.Itoa(t) + " session " + strconv.Itoa(int(x.Session)) + " [" + strconv.Itoa(int(x.Begin)) + "," + strconv.Itoa(int(x.End)) + "] " +
			x.Type.String() + " " + h.TxnText(int32(t), txn.Anomaly{}) + "\n"
	}
	return s
}

// TestUnreadOfReaders judges a history of 293,052 in a million of [unreadLists]: either order of 21 and 22 closes a cycle through one
// transaction that only reads, and each through another, so that update serializable needs a search as well.
func TestUnreadOfReaders(t *testing.T) {
	h := unreadLists(rand.New(rand.NewPCG(293052, 19)))
	of, r := verdicts(t, h)
	for _, m := range []txn.Model{txn.UpdateSerializable, txn.ConsistentView, txn.ParallelSnapshotIsolation} {
		if of[m] != checker.Invalid {
			t.Errorf("%s is %v\n%s%s", m, of[m], show(h), r.Text(h))
		}
	}
	fork := txn.Anomaly{}
	for _, a := range r.Anomalies {
		if a.Type == "G-nonadjacent-item" {
			fork = a
		}
	}
	if slices.Contains(fork.Breaks, txn.UpdateSerializable) {
		t.Errorf("a cycle through two transactions that only read breaks %v", fork.Breaks)
	}
}
