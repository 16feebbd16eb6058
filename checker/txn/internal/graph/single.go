package graph

import "math/bits"

// A Single is an edge that closes a cycle with edges of other kinds only.
type Single struct{ From, To, Edge int32 }

// Singles returns up to 64 edges of the kind one whose end leads back to its beginning over edges of the kinds in mask alone, which must
// be acyclic. It is exact: it returns none only if there is none.
//
// Most such edges lead forward in a topological order, and close nothing. From the ends of the others the search goes forward no
// further than their beginnings, for 64 edges at a time.
func (g *Graph) Singles(mask, one uint8) []Single {
	place := g.Order(mask)
	var back []Single
	for v := range int32(g.N) {
		for i := g.First[v]; i < g.First[v+1]; i++ {
			if g.Kind[i]&one != 0 && place[g.To[i]] < place[v] {
				back = append(back, Single{v, g.To[i], i})
			}
		}
	}
	if found := g.pairs(back, mask); found != nil {
		return found
	}
	at := make([]int32, g.N) // node at each place
	for v, p := range place {
		at[p] = int32(v)
	}
	byPlace(back, place, at)
	var found []Single
	reach := make([]uint64, g.N)
	for len(back) > 0 && len(found) < tries {
		n := min(64, len(back))
		for _, i := range g.closing(back[:n], mask, place, at, reach) {
			found = append(found, back[i])
		}
		back = back[n:]
	}
	return found[:min(len(found), tries)]
}

// pairs returns up to 64 of the edges that a single other closes.
func (g *Graph) pairs(back []Single, mask uint8) []Single {
	var found []Single
	for _, b := range back {
		if g.direct(b.To, b.From, mask) != 0 {
			if found = append(found, b); len(found) == tries {
				break
			}
		}
	}
	return found
}

// direct returns the kind of an edge in mask from one node to another, or of a way over helpers that Around knows of; 0 if there is none.
func (g *Graph) direct(from, to int32, mask uint8) uint8 {
	for i := g.First[from]; i < g.First[from+1]; i++ {
		if g.To[i] == to && g.Kind[i]&mask != 0 {
			return g.Kind[i]
		}
	}
	if g.Around != nil {
		return g.Around(from, to) & mask
	}
	return 0
}

// ShortSingle returns the shortest cycle that one of these edges, which close one, makes with edges of the kinds in mask.
func (g *Graph) ShortSingle(singles []Single, mask uint8) []Edge {
	s := newSearcher(g, Walk{Mask: mask}, nil)
	var best []Edge
	for _, b := range singles {
		if k := g.direct(b.To, b.From, mask); k != 0 && b.From < int32(g.Real) && b.To < int32(g.Real) {
			return []Edge{{b.From, b.To, g.Kind[b.Edge]}, {b.To, b.From, k}}
		}
		if cycle := s.through(start{b.From, b.Edge, b.To}, len(best)); cycle != nil {
			best = simple(s.w, cycle)
		}
		if len(best) > 0 && s.looked > effort {
			break
		}
	}
	return best
}

// byPlace sorts edges by the places of their ends, by counting.
func byPlace(back []Single, place, at []int32) {
	count := make([]int32, len(at)+1)
	for _, b := range back {
		count[place[b.To]+1]++
	}
	for i := range at {
		count[i+1] += count[i]
	}
	sorted := make([]Single, len(back))
	for _, b := range back {
		p := place[b.To]
		sorted[count[p]] = b
		count[p]++
	}
	copy(back, sorted)
}

// closing returns which of up to 64 edges close a cycle. It leaves reach empty.
func (g *Graph) closing(back []Single, mask uint8, place, at []int32, reach []uint64) []int {
	low, high := place[back[0].To], int32(0)
	for i, b := range back {
		reach[b.To] |= 1 << i
		high = max(high, place[b.From])
	}
	for p := low; p <= high; p++ {
		v := at[p]
		if reach[v] == 0 {
			continue
		}
		for i := g.First[v]; i < g.First[v+1]; i++ {
			if g.Kind[i]&mask != 0 && place[g.To[i]] <= high {
				reach[g.To[i]] |= reach[v]
			}
		}
	}
	var closed uint64
	for i, b := range back {
		closed |= reach[b.From] & (1 << i)
	}
	for p := low; p <= high; p++ {
		reach[at[p]] = 0
	}
	var out []int
	for ; closed != 0; closed &= closed - 1 {
		out = append(out, bits.TrailingZeros64(closed))
	}
	return out
}

// Order returns the place of each node in a topological order of the edges in mask, which must be acyclic: of the nodes that may come
// next, one of the least rank, or one that had to wait. Ranks are by time, so that the order keeps close to it, and few edges lead
// far back.
func (g *Graph) Order(mask uint8) []int32 {
	in := make([]int32, g.N)
	for v := range g.N {
		for i := g.First[v]; i < g.First[v+1]; i++ {
			if g.Kind[i]&mask != 0 {
				in[g.To[i]]++
			}
		}
	}
	place := make([]int32, g.N)
	seq, at := g.byRank()
	var ready []int32 // may be next, and come before the node that the loop is at
	p := int32(0)
	for i, v := range seq {
		if in[v] != 0 {
			continue // comes as soon as the last before it has been placed
		}
		ready = append(ready, v)
		for len(ready) > 0 {
			v := ready[len(ready)-1]
			ready = ready[:len(ready)-1]
			in[v] = -1
			place[v] = p
			p++
			for e := g.First[v]; e < g.First[v+1]; e++ {
				if g.Kind[e]&mask == 0 {
					continue
				}
				to := g.To[e]
				if in[to]--; in[to] == 0 && at[to] <= int32(i) {
					ready = append(ready, to)
				}
			}
		}
	}
	return place
}

// byRank returns the nodes sorted by rank, and where each stands among them.
func (g *Graph) byRank() (seq, at []int32) {
	seq, at = make([]int32, g.N), make([]int32, g.N)
	count := make([]int32, g.N+1)
	rank := func(v int) int32 {
		if g.Rank == nil {
			return int32(v)
		}
		return min(max(g.Rank[v], 0), int32(g.N)-1)
	}
	for v := range g.N {
		count[rank(v)+1]++
	}
	for i := range g.N {
		count[i+1] += count[i]
	}
	for v := range g.N {
		r := rank(v)
		at[v], seq[count[r]] = count[r], int32(v)
		count[r]++
	}
	return seq, at
}
