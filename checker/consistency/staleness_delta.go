package consistency

import (
	"cmp"
	"slices"
	"sort"
	"time"
)

// A stretch is the zone of a value in time: see [zones.zone]. It ends with the last read of
// it, and not before the write began, if reads may have begun earlier than they did.
type stretch struct{ first, write, last time.Duration }

// end is where it ends if reads may have begun by d earlier.
func (z stretch) end(d time.Duration) time.Duration { return max(z.write, z.last-d) }

// apart returns by how much earlier reads must be allowed to have begun, so that one of
// two stretches can come before the other.
func apart(a, b stretch) time.Duration {
	need := time.Duration(-1)
	if a.write <= b.first {
		need = a.last - b.first
	}
	if b.write <= a.first && (need < 0 || b.last-a.first < need) {
		need = b.last - a.first
	}
	return need
}

// delta raises s.Delta to what the key needs. Two values contradict each other if each must come
// before the other, and no more than two ever need to be looked at (see [zones.zoning]). So the
// smallest delta is the largest that any two need. It is found by raising it to what those need that
// contradict each other still, as long as there are some: a few times O(n log n).
func (b *ledger) delta(s *Staleness) {
	if s.Delta < 0 || b.early > 0 || b.swaps {
		s.Delta = -1
		return
	}
	zones := make([]stretch, len(b.writes))
	for i, w := range b.writes {
		zones[i] = stretch{b.l.at(w.end), b.l.at(w.call), b.l.at(w.last)}
	}
	slices.SortFunc(zones, func(a, b stretch) int { return cmp.Compare(a.first, b.first) })
	for {
		need := needed(zones, s.Delta)
		if need <= s.Delta {
			return
		}
		s.Delta = need
	}
}

// needed returns the most that two zones need that contradict each other at d, or d. The zones are in the order of first.
func needed(zones []stretch, d time.Duration) time.Duration {
	need := d
	var forward []stretch
	var far []int // of forward, up to each: the one that ends last
	for _, z := range zones {
		if z.first >= z.end(d) {
			continue
		}
		n := len(forward)
		if n > 0 {
			if f := forward[far[n-1]]; z.first < f.end(d) {
				need = max(need, apart(f, z))
			}
			far = append(far, far[n-1])
		} else {
			far = append(far, 0)
		}
		forward = append(forward, z)
		if z.end(d) > forward[far[n]].end(d) {
			far[n] = n
		}
	}
	for _, z := range zones {
		if z.first < z.end(d) {
			continue
		}
		n := sort.Search(len(forward), func(i int) bool { return forward[i].first >= z.end(d) }) - 1
		if n >= 0 && z.first < forward[far[n]].end(d) {
			need = max(need, apart(forward[far[n]], z))
		}
	}
	return need
}
