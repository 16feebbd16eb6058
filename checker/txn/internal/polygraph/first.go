package polygraph

// A csr is a graph in two arrays: the arcs that lead to node v come from from[start[v]:start[v+1]].
type csr struct{ start, from []int32 }

// incoming lists the edges by their ends. RW edges are left out where they are no edges of the order.
func (p *Problem) incoming() csr {
	g := csr{start: make([]int32, p.Nodes+2)}
	for _, e := range p.Known {
		if !e.RW || p.Theory != Single {
			g.start[e.To+2]++
		}
	}
	for i := 2; i < len(g.start); i++ {
		g.start[i] += g.start[i-1]
	}
	g.from = make([]int32, g.start[p.Nodes+1])
	for _, e := range p.Known {
		if !e.RW || p.Theory != Single {
			g.from[g.start[e.To+1]] = e.From
			g.start[e.To+1]++
		}
	}
	g.start = g.start[:p.Nodes+1]
	return g
}

// sorted puts the nodes in an order that keeps the edges and is near to first: each node follows the predecessors that have not been
// placed. If there is a cycle, it returns the nodes of one instead.
func (g csr) sorted(first []int32) (order, cycle []int32) {
	n := len(g.start) - 1
	const placed, open = 1, 2
	state := make([]uint8, n)
	next := make([]int32, n)
	order = make([]int32, 0, n)
	var path []int32
	for i := range n {
		root := int32(i)
		if first != nil {
			root = first[i]
		}
		if state[root] == placed {
			continue
		}
		path = append(path[:0], root)
		state[root], next[root] = open, g.start[root]
		for len(path) > 0 {
			v := path[len(path)-1]
			if next[v] == g.start[v+1] {
				state[v] = placed
				order = append(order, v)
				path = path[:len(path)-1]
				continue
			}
			u := g.from[next[v]]
			next[v]++
			switch state[u] {
			case open:
				return nil, backTo(path, u)
			case placed:
			default:
				state[u], next[u] = open, g.start[u]
				path = append(path, u)
			}
		}
	}
	return order, nil
}

// backTo returns the end of path from u on, reversed: path goes against the edges.
func backTo(path []int32, u int32) []int32 {
	var cycle []int32
	for i := len(path) - 1; i >= 0; i-- {
		cycle = append(cycle, path[i])
		if path[i] == u {
			break
		}
	}
	return cycle
}

// tryFirst tries the order that the known edges make of First: if it keeps all choices and spans it is the answer. If the known
// edges close a cycle, that is returned.
func (p *Problem) tryFirst() (*Answer, []Edge) {
	order, cycle := p.incoming().sorted(p.First)
	if cycle != nil {
		return nil, p.knownCycle(cycle)
	}
	at := make([]int32, p.Nodes)
	for i, v := range order {
		at[v] = int32(i)
	}
	a := &Answer{Verdict: Yes, Order: order, Steps: p.Nodes + len(p.Known)}
	if p.Theory == Single {
		if len(p.Choices) > 0 || p.hasRW() {
			return nil, nil
		}
		a.Order = nil
		return a, nil
	}
	for _, c := range p.Choices {
		inA := forward(c.A, at)
		if !inA && !forward(c.B, at) {
			return nil, nil
		}
		a.Taken = append(a.Taken, inA)
	}
	if len(p.broken(order, at, 1)) > 0 {
		return nil, nil
	}
	return a, nil
}

func (p *Problem) hasRW() bool {
	for _, e := range p.Known {
		if e.RW {
			return true
		}
	}
	return false
}

func forward(es []Edge, at []int32) bool {
	for _, e := range es {
		if at[e.From] >= at[e.To] {
			return false
		}
	}
	return true
}

// A breach is a point, by its index, that lies in a span.
type breach struct{ span, point int32 }

// broken returns breaches of an order: of each span up to limit, the first ones.
func (p *Problem) broken(order, at []int32, limit int) []breach {
	if len(p.Spans) == 0 {
		return nil
	}
	sorted, ends := p.pointsIn(order, at)
	var all []breach
	for i, s := range p.Spans {
		points, here := sorted[s.Key], p.Points[s.Key]
		from, to := at[s.From], at[s.To]
		lo, hi := 0, len(points)
		for lo < hi { // the first point that does not begin before From
			if mid := int(uint(lo+hi) >> 1); at[here[points[mid]].First] >= from {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
		n := 0
		for j := lo - 1; j >= 0 && n < limit && ends[s.Key][j] >= from; j-- { // those that begin before and end after
			if at[here[points[j]].Last] >= from && points[j] != s.Own {
				all = append(all, breach{int32(i), points[j]})
				n++
			}
		}
		for ; lo < len(points) && n < limit && at[here[points[lo]].First] <= to; lo++ {
			if points[lo] != s.Own {
				all = append(all, breach{int32(i), points[lo]})
				n++
			}
		}
	}
	return all
}

// pointsIn returns the points of each key in the order of their first nodes, and where the last of those up to each ends.
func (p *Problem) pointsIn(order, at []int32) (sorted, ends [][]int32) {
	start := make([]int32, p.Nodes+2)
	total := 0
	for _, points := range p.Points {
		for _, v := range points {
			start[v.First+2]++
		}
		total += len(points)
	}
	for i := 2; i < len(start); i++ {
		start[i] += start[i-1]
	}
	type place struct{ key, point int32 }
	places := make([]place, total)
	sorted, ends = make([][]int32, len(p.Points)), make([][]int32, len(p.Points))
	pool, pool2 := make([]int32, total), make([]int32, total)
	for k, points := range p.Points {
		for i, v := range points {
			places[start[v.First+1]] = place{int32(k), int32(i)}
			start[v.First+1]++
		}
		n := len(points)
		sorted[k], pool = pool[:0:n], pool[n:]
		ends[k], pool2 = pool2[:0:n], pool2[n:]
	}
	for _, v := range order {
		for _, x := range places[start[v]:start[v+1]] {
			end := at[p.Points[x.key][x.point].Last]
			if n := len(ends[x.key]); n > 0 {
				end = max(end, ends[x.key][n-1])
			}
			sorted[x.key], ends[x.key] = append(sorted[x.key], x.point), append(ends[x.key], end)
		}
	}
	return sorted, ends
}

// knownCycle makes edges of the nodes of a cycle of known edges, and shortens it.
func (p *Problem) knownCycle(nodes []int32) []Edge {
	g := newGraph(p)
	for _, e := range p.Known {
		g.append(arc{from: e.From, to: e.To, why: known, rw: e.RW})
	}
	var best []Edge
	for i, v := range nodes {
		if i == 64 {
			break
		}
		w := nodes[(i+1)%len(nodes)]
		path := g.shortest(w, v, len(g.arcs))
		if path == nil {
			continue
		}
		if best == nil || len(path)+1 < len(best) {
			best = append(g.edges(path), Edge{From: v, To: w, RW: g.hasOnlyRW(v, w)})
		}
	}
	return best
}
