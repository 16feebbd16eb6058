package levels

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/predicates"
	"github.com/capsize-go/capsize/history"
)

// The levels of Adya's thesis for rows, by its definitions: there are orders of the versions of each row, and for each read by predicate a
// version of each row that it looked at, whose graph of dependencies has none of the cycles that a level forbids. A row that a read
// shows is read as an item as well; an insertion reads that there is no row. Nothing here is shared with the judge but what a predicate
// matches.

// A rowBits is a relation of up to eight transactions, a byte for each.
type rowBits [8]uint8

func (b *rowBits) add(from, to int) {
	if from >= 0 && to >= 0 && from != to {
		b[from] |= 1 << to
	}
}

func (b rowBits) with(other rowBits) rowBits {
	for i := range b {
		b[i] |= other[i]
	}
	return b
}

func (b rowBits) closed() rowBits {
	for k := range b {
		for i := range b {
			if b[i]>>k&1 == 1 {
				b[i] |= b[k]
			}
		}
	}
	return b
}

func (b rowBits) cyclic() bool {
	c := b.closed()
	return slices.ContainsFunc([]int{0, 1, 2, 3, 4, 5, 6, 7}, func(i int) bool { return c[i]>>i&1 == 1 })
}

// meets reports whether an edge of another relation leads back along one of this.
func (b rowBits) meets(other rowBits) bool {
	for i := range b {
		for j := range b {
			if other[i]>>j&1 == 1 && b[j]>>i&1 == 1 {
				return true
			}
		}
	}
	return false
}

// A rowSight is what a transaction saw of a key.
type rowSight struct {
	by, key   int
	value     int32 // of a row that was there, or Nil
	item      bool
	predicate int32 // -1 if it read by key
}

// A rowVersionOf is a version in an order: who made it, -1 for unborn, and its value, Nil if there is no row.
type rowVersionOf struct {
	by    int
	value int32
}

// A rowGraph is the graph of dependencies so far.
type rowGraph struct {
	ww, wr, item, phantom rowBits
	wwOf, itemOf          [2]rowBits // by key
}

// A rowAdya is one set of committed transactions being tried.
type rowAdya struct {
	h      *txn.History
	in     []int32
	sights []rowSight
	orders [2][]rowVersionOf
	keep   map[txn.Model]bool
}

var rowLevels = []txn.Model{txn.ReadCommitted, txn.CursorStability, txn.ConsistentView, txn.UpdateSerializable, txn.RepeatableRead}

// adyaRows returns which levels hold of a history.
func adyaRows(h *txn.History) map[txn.Model]bool {
	keep := map[txn.Model]bool{}
	var sure, maybe []int32
	for t, x := range h.Txns {
		if x.Type == history.OK {
			sure = append(sure, int32(t))
		} else {
			maybe = append(maybe, int32(t))
		}
	}
	for set := range 1 << len(maybe) {
		a := &rowAdya{h: h, in: slices.Clone(sure), keep: keep}
		for i, t := range maybe {
			if set>>i&1 == 1 {
				a.in = append(a.in, t)
			}
		}
		if a.look() {
			a.tryOrders(0)
		}
	}
	return keep
}

// look collects what was seen, and reports whether all that was seen are final versions of committed transactions.
func (a *rowAdya) look() bool {
	final := map[[2]int32]bool{} // by key and value
	for i, t := range a.in {
		last := map[int32]int32{}
		for _, o := range a.h.OpsOf(t) {
			switch o.F {
			case txn.Insert, txn.Write:
				last[o.Key] = o.Value
			case txn.Delete:
				last[o.Key] = txn.Nil
			}
		}
		for k := range a.orders {
			if v, ok := last[int32(k)]; ok {
				a.orders[k] = append(a.orders[k], rowVersionOf{i, v})
				final[[2]int32{int32(k), v}] = true
			}
		}
	}
	for i, t := range a.in {
		own := [2]bool{}
		for _, o := range a.h.OpsOf(t) {
			switch {
			case o.F == txn.ReadAll && o.Known:
				a.lookAll(i, o, own)
			case o.F == txn.Read && o.Known && !own[o.Key]:
				a.sights = append(a.sights, rowSight{i, int(o.Key), o.Value, true, -1})
			case o.F == txn.Insert && !own[o.Key]:
				a.sights = append(a.sights, rowSight{i, int(o.Key), txn.Nil, true, -1})
			}
			if o.F != txn.ReadAll && o.F != txn.Read {
				own[o.Key] = true
			}
		}
	}
	return !slices.ContainsFunc(a.sights, func(s rowSight) bool {
		return s.value != txn.Nil && !final[[2]int32{int32(s.key), s.value}]
	})
}

func (a *rowAdya) lookAll(i int, o txn.Op, own [2]bool) {
	value := [2]int32{txn.Nil, txn.Nil}
	for at, list := 0, a.h.List(o); at < len(list); at += 2 {
		value[list[at]] = list[at+1]
	}
	for k, v := range value {
		if !own[k] {
			a.sights = append(a.sights, rowSight{i, k, v, v != txn.Nil, o.Key})
		}
	}
}

// tryOrders tries all orders of the versions of the keys from one on.
func (a *rowAdya) tryOrders(k int) {
	if k == len(a.orders) {
		a.tryPlaces(0, a.ordered())
		return
	}
	all := a.orders[k]
	permutations(len(all), func(p []int) {
		order := []rowVersionOf{{-1, txn.Nil}}
		for _, i := range p {
			order = append(order, all[i])
		}
		a.orders[k] = order
		a.tryOrders(k + 1)
	})
	a.orders[k] = all
}

// ordered is the graph of the orders alone.
func (a *rowAdya) ordered() (g rowGraph) {
	for k, order := range a.orders {
		for i, v := range order {
			for _, w := range order[i+1:] {
				g.wwOf[k].add(v.by, w.by)
			}
		}
		g.ww = g.ww.with(g.wwOf[k])
	}
	return g
}

// tryPlaces tries all versions that what was seen from one sight on can have been.
func (a *rowAdya) tryPlaces(n int, g rowGraph) {
	if len(a.keep) == len(rowLevels) || g.ww.with(g.wr).cyclic() {
		return
	}
	if n == len(a.sights) {
		a.judge(g)
		return
	}
	s := a.sights[n]
	order := a.orders[s.key]
	matches := func(v rowVersionOf) bool {
		if v.value == txn.Nil || s.predicate < 0 {
			return v.value != txn.Nil
		}
		p, _ := predicates.ParsePredicate(a.h.Predicates[s.predicate])
		return p.Matches(a.h, v.value)
	}
	for at, v := range order {
		if v.by == s.by { // a read comes before what its transaction writes later
			break
		}
		if s.item && v.value != s.value || !s.item && matches(v) {
			continue
		}
		next := g
		if s.item {
			next.wr.add(v.by, s.by)
			if at+1 < len(order) {
				next.item.add(s.by, order[at+1].by)
				next.itemOf[s.key].add(s.by, order[at+1].by)
			}
		}
		if s.predicate >= 0 {
			for i := at; i > 0; i-- {
				if matches(order[i]) != matches(order[i-1]) {
					next.wr.add(order[i].by, s.by)
					break
				}
			}
			for i := at + 1; i < len(order); i++ {
				if matches(order[i]) != matches(order[i-1]) {
					next.phantom.add(s.by, order[i].by)
				}
			}
		}
		a.tryPlaces(n+1, next)
	}
}

// judge marks the levels that a graph without cycles of ww and wr keeps.
func (a *rowAdya) judge(g rowGraph) {
	depends := g.ww.with(g.wr)
	all := depends.with(g.item).with(g.phantom)
	a.keep[txn.ReadCommitted] = true
	if !g.wwOf[0].meets(g.itemOf[0]) && !g.wwOf[1].meets(g.itemOf[1]) {
		a.keep[txn.CursorStability] = true
	}
	if !depends.closed().meets(g.item.with(g.phantom)) {
		a.keep[txn.ConsistentView] = true
	}
	if !depends.with(g.item).cyclic() {
		a.keep[txn.RepeatableRead] = true
	}
	for reader := range a.in {
		some := all
		for i, t := range a.in {
			if i == reader || !a.h.ReadsOnly(t) {
				continue
			}
			some[i] = 0
			for j := range some {
				some[j] &^= 1 << i
			}
		}
		if some.cyclic() {
			return
		}
	}
	a.keep[txn.UpdateSerializable] = true
}

// TestPredicateAdya compares the judge with Adya's definitions. A verdict may be unknown, but neither wrong nor often.
func TestPredicateAdya(t *testing.T) {
	n, apart := seeds(300), 0
	unknown, held, wrong := map[txn.Model]int{}, map[txn.Model]int{}, 0
	for seed := range n {
		h := randomRows(rand.New(rand.NewPCG(uint64(seed), 6)))
		initial := &predicates.Rows{H: h, Base: -1}
		if initial.FindBase(); initial.Base >= 0 {
			continue // the definitions trust no initial state
		}
		r, err := Judge(t.Context(), h, txn.Options{Kind: txn.Predicates})
		if err != nil {
			t.Fatal(err)
		}
		want := adyaRows(h)
		if want[txn.RepeatableRead] && !want[txn.ConsistentView] {
			apart++
		}
		for _, m := range rowLevels {
			if want[m] {
				held[m]++
			}
			if v := r.Finding(m).Verdict; v == checker.Unknown {
				unknown[m]++
			} else if want[m] != (v == checker.Valid) {
				if wrong++; wrong < 4 {
					t.Errorf("seed %d: %s is %v, by definition %v\n%s", seed, m, v, want[m], showRows(h, r))
				}
			}
		}
	}
	t.Logf("of %d: held %v, unknown %v, wrong %d; repeatable read without consistent view %d times", n, held, unknown, wrong, apart)
	for _, m := range rowLevels {
		if held[m] == 0 || held[m] == n || unknown[m] > n/10 {
			t.Errorf("%s holds of %d of %d, and %d are unknown", m, held[m], n, unknown[m])
		}
	}
	if apart == 0 {
		t.Error("repeatable read and consistent view differ in no history")
	}
}
