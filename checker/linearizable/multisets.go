package linearizable

import "slices"

// The multisets of classes have numbers, so that a configuration holds one in four
// bytes. Number 0 is the empty one.
type multisets struct {
	all   [][]int32        // sorted
	ids   []int32          // a hash table with open addressing; a free slot has 0
	added map[uint64]int32 // by multiset and class
	bytes int              // size of all multisets, about
}

func newMultisets() *multisets { return &multisets{all: make([][]int32, 1, 4)} }

// id returns the number of a multiset, a new one if the multiset is new.
func (b *multisets) id(sorted []int32) int32 {
	if len(sorted) == 0 {
		return 0
	}
	if 2*len(b.all) >= len(b.ids) {
		b.ids = make([]int32, max(32, 2*len(b.ids)))
		for id := 1; id < len(b.all); id++ {
			b.ids[b.slot(b.all[id])] = int32(id)
		}
	}
	at := b.slot(sorted)
	if b.ids[at] == 0 {
		b.ids[at] = int32(len(b.all))
		b.all = append(b.all, sorted)
		b.bytes += 8*len(sorted) + 100
	}
	return b.ids[at]
}

// slot returns where the number of a multiset is in the table, or where it belongs.
func (b *multisets) slot(sorted []int32) uint64 {
	h := uint64(len(sorted))
	for _, c := range sorted {
		h = (h ^ uint64(c)) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	mask := uint64(len(b.ids) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		if id := b.ids[i]; id == 0 || slices.Equal(b.all[id], sorted) {
			return i
		}
	}
}

func (b *multisets) sorted(id int32) []int32 { return b.all[id] }

func (b *multisets) size(id int32) int { return len(b.all[id]) }

func (b *multisets) count(id, class int32) (n int32) {
	for _, c := range b.all[id] {
		if c == class {
			n++
		}
	}
	return n
}

// add returns the multiset with one more element. Results are remembered, since searches ask for few again and again.
func (b *multisets) add(id, class int32) int32 {
	key := uint64(uint32(id))<<32 | uint64(uint32(class))
	sum, ok := b.added[key]
	if !ok {
		old := b.all[id]
		i, _ := slices.BinarySearch(old, class)
		larger := make([]int32, len(old)+1)
		copy(larger, old[:i])
		larger[i] = class
		copy(larger[i+1:], old[i:])
		sum = b.id(larger)
		if b.added == nil {
			b.added = map[uint64]int32{}
		}
		b.added[key] = sum
	}
	return sum
}

// subsetOf reports whether one multiset is a subset of another.
func (b *multisets) subsetOf(small, large int32) bool {
	if small == large || small == 0 {
		return true
	}
	s, l := b.all[small], b.all[large]
	if len(s) > len(l) {
		return false
	}
	for len(s) > 0 {
		for len(l) > 0 && l[0] < s[0] {
			l = l[1:]
		}
		if len(l) == 0 || l[0] != s[0] {
			return false
		}
		s, l = s[1:], l[1:]
	}
	return true
}

// minus returns the multiset without the elements of a sorted part of it.
func (b *multisets) minus(id int32, part []int32) int32 {
	var rest []int32
	for _, c := range b.all[id] {
		if len(part) > 0 && part[0] == c {
			part = part[1:]
			continue
		}
		rest = append(rest, c)
	}
	return b.id(rest)
}

// intersect returns what two sorted multisets have in common.
func intersect(a, b []int32) []int32 {
	var both []int32
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			both = append(both, a[0])
			a, b = a[1:], b[1:]
		case a[0] < b[0]:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return both
}

// A configSet is a set of configurations that is emptied often: a hash table with
// open addressing, whose slots count only if they were filled in this round.
type configSet struct {
	slots []config
	round []uint32
	now   uint32
	n     int
}

func (s *configSet) reset() {
	s.n = 0
	if s.now++; s.now == 0 || len(s.slots) > 1<<16 {
		*s = configSet{now: 1}
	}
}

// add puts c into the set, and reports whether it is new.
func (s *configSet) add(c config) bool {
	if 2*s.n >= len(s.slots) {
		s.grow()
	}
	mask := uint64(len(s.slots) - 1)
	for i := c.hash() & mask; ; i = (i + 1) & mask {
		if s.round[i] != s.now {
			s.slots[i], s.round[i] = c, s.now
			s.n++
			return true
		}
		if s.slots[i] == c {
			return false
		}
	}
}

// grow doubles the table.
func (s *configSet) grow() {
	old := *s
	size := max(16, 2*len(old.slots))
	*s = configSet{slots: make([]config, size), round: make([]uint32, size), now: old.now}
	for i, c := range old.slots {
		if old.round[i] == old.now {
			s.add(c)
		}
	}
}

func (c config) hash() uint64 {
	h := uint64(uint32(c.state))<<32 | uint64(uint32(c.used))
	h = (h ^ c.low*0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd
	h = (h ^ h>>32 ^ c.high*0xc4ceb9fe1a85ec53) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}
