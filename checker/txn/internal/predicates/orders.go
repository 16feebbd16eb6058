package predicates

import (
	"cmp"
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
)

const (
	mostOrders = 64      // of one key that are tried
	orderSteps = 1 << 14 // that the search for the orders of one key may take
)

// orders returns the orders in which the versions of a key may have been made, each with the initial state first, which is -1 if the row was
// unborn. The first are those in which rows are inserted where there is none and deleted where there is one, and of these the one by time. It reports
// whether these are all that respect what transactions read before they wrote; any other has a cycle of ww and wr.
func (r *Rows) orders(k int32, before map[int32][]int32) (all [][]int32, complete bool) {
	candidates := slices.Clone(r.keys[k].versions)
	slices.SortStableFunc(candidates, func(a, b int32) int {
		x, y := r.H.Txns[r.writes[a].txn], r.H.Txns[r.writes[b].txn]
		return cmp.Or(cmp.Compare(x.End, y.End), cmp.Compare(x.Begin, y.Begin))
	})
	search := func(strict int) bool {
		s := orderSearch{r: r, k: k, strict: strict, before: before, steps: orderSteps, placed: map[int32]bool{}, candidates: candidates}
		s.search([]int32{r.keys[k].base})
		for _, o := range s.found {
			if !slices.ContainsFunc(all, func(known []int32) bool { return slices.Equal(known, o) }) {
				all = append(all, o)
			}
		}
		return s.steps > 0 && len(s.found) < mostOrders
	}
	if len(candidates) > 1 {
		search(2)
	}
	complete = search(1)
	if len(all) == 0 {
		complete = search(0)
	}
	if len(all) == 0 {
		all = append(all, append([]int32{r.keys[k].base}, candidates...))
	}
	return all, complete
}

// An orderSearch tries the orders of a key.
type orderSearch struct {
	r          *Rows
	k          int32
	strict     int               // 2: as the rows demand; 1: only what was read comes first; 0: neither
	before     map[int32][]int32 // by write: those that come before it
	candidates []int32
	placed     map[int32]bool
	found      [][]int32
	steps      int
}

func (s *orderSearch) search(order []int32) {
	if s.steps--; s.steps <= 0 || len(s.found) == mostOrders {
		return
	}
	if len(order) > len(s.candidates) {
		s.found = append(s.found, slices.Clone(order))
		return
	}
	for _, w := range s.candidates {
		if s.placed[w] || !s.fits(order[len(order)-1], w) {
			continue
		}
		s.placed[w] = true
		s.search(append(order, w))
		delete(s.placed, w)
	}
}

// fits reports whether a version may follow on another.
func (s *orderSearch) fits(last, w int32) bool {
	x := s.r.writes[w]
	there := last >= 0 && !s.r.writes[last].dead()
	if s.strict == 2 && (x.insert && there || x.dead() && !there) {
		return false
	}
	return s.strict == 0 || !slices.ContainsFunc(s.before[w], func(b int32) bool { return !s.placed[b] && b != s.r.keys[s.k].base })
}

// before returns for each write those that come before it: what its transaction had read of the row, and what the options say.
func (r *Rows) before(o txn.Options) map[int32][]int32 {
	before := map[int32][]int32{}
	version := map[[2]int32]int32{} // by transaction and key
	for k := range r.keys {
		vs := r.keys[k].versions
		for _, w := range vs {
			version[[2]int32{r.writes[w].txn, int32(k)}] = w
		}
		if !o.LinearizableKeys && !o.SequentialKeys {
			continue
		}
		for _, a := range vs {
			for _, b := range vs {
				x, y := r.H.Txns[r.writes[a].txn], r.H.Txns[r.writes[b].txn]
				if o.LinearizableKeys && !r.H.Untimed && x.End < y.Begin || o.SequentialKeys && x.Session == y.Session && r.writes[a].txn < r.writes[b].txn {
					before[b] = append(before[b], a)
				}
			}
		}
	}
	for _, s := range r.reads {
		w, writes := version[[2]int32{s.txn, s.key}]
		if writes && s.found >= 0 && r.writes[s.found].txn != s.txn {
			before[w] = append(before[w], s.found)
		}
	}
	return before
}

// A stretch is where in the order of a key a read can have been: at versions from one position to another.
type stretch struct{ from, to int }

// stretches returns where a read can have been: not behind what its transaction wrote only later. For one that no version explains there
// is none.
func (r *Rows) stretches(s rowRead, order []int32) (all []stretch) {
	if s.found >= 0 {
		if at := slices.Index(order, s.found); at >= 0 {
			all = append(all, stretch{at, at})
		}
		return all
	}
	for i, v := range order {
		switch n := len(all); {
		case v >= 0 && r.writes[v].txn == s.txn:
			return all
		case r.matches(s.op, v):
		case n > 0 && all[n-1].to == i-1:
			all[n-1].to = i
		default:
			all = append(all, stretch{i, i})
		}
	}
	return all
}
