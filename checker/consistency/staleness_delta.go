package consistency

import (
	"cmp"
	"slices"
	"sort"
	"time"
)

// A valueZone is the zone of a value in time: see [zones.zone]. It ends with the invocation of the last read,
// which delta moves to an earlier time, though not before that of the write.
type valueZone struct{ first, write, last time.Duration }

// end returns its end if reads may have begun earlier by d.
func (z valueZone) end(d time.Duration) time.Duration { return max(z.write, z.last-d) }

// deltaBetween returns the smallest d with which one of two zones can come before the other.
func deltaBetween(a, b valueZone) time.Duration {
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
// before the other, and pairs suffice (see [zones.zoning]). So the
// smallest delta is the largest that any two need. It raises delta to what two need that
// still contradict each other, until none do: a few times O(n log n).
func (b *keyHistory) delta(s *Staleness) {
	if s.Delta < 0 || b.earlyReads > 0 || b.swaps {
		s.Delta = -1
		return
	}
	zones := make([]valueZone, len(b.writes))
	for i, w := range b.writes {
		zones[i] = valueZone{b.l.at(w.end), b.l.at(w.call), b.l.at(w.last)}
	}
	slices.SortFunc(zones, func(a, b valueZone) int { return cmp.Compare(a.first, b.first) })
	for {
		need := requiredDelta(zones, s.Delta)
		if need <= s.Delta {
			return
		}
		s.Delta = need
	}
}

// requiredDelta returns the largest delta that two zones need which contradict each other at d, or d if none do. The zones
// are sorted by first.
func requiredDelta(zones []valueZone, d time.Duration) time.Duration {
	need := d
	var forward []valueZone
	var far []int // of forward, up to each: the one that ends last
	for _, z := range zones {
		if z.first >= z.end(d) {
			continue
		}
		n := len(forward)
		if n > 0 {
			if f := forward[far[n-1]]; z.first < f.end(d) {
				need = max(need, deltaBetween(f, z))
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
			need = max(need, deltaBetween(forward[far[n]], z))
		}
	}
	return need
}
