package polygraph

import "slices"

const known = -1 // the reason of an edge that holds whatever is chosen

// An arc is an edge with the literal that it follows from.
type arc struct {
	from, to, why int32
	rw            bool
}

// A graph keeps arcs, a topological order of them, and takes the last ones back.
type graph struct {
	theory   Theory
	arcs     []arc
	out, in  [][]int32 // indexes of arcs by node; with Single, without RW arcs
	rwFrom   [][]int32 // with Single, RW arcs by where they begin
	rwTo     [][]int32
	at       []int32 // the position of each node
	order    []int32 // the node at each position
	mark     []int32 // of a node that a search has reached, its stamp
	parent   []int32 // the arc by which it did
	back     []int32 // as mark, of a second search
	behind   []int32 // as parent
	stamp    int32
	queue    []int32
	queue2   []int32
	position []int32
	steps    int
}

func newGraph(p *Problem) *graph {
	n := p.Nodes
	g := &graph{theory: p.Theory, out: make([][]int32, n), in: make([][]int32, n), at: make([]int32, n), order: make([]int32, n),
		mark: make([]int32, n), parent: make([]int32, n), back: make([]int32, n), behind: make([]int32, n)}
	if p.Theory == Single {
		g.rwFrom, g.rwTo = make([][]int32, n), make([][]int32, n)
	}
	return g
}

// place makes order the topological order.
func (g *graph) place(order []int32) {
	copy(g.order, order)
	for i, v := range order {
		g.at[v] = int32(i)
	}
}

func (g *graph) edges(arcs []int32) []Edge {
	var es []Edge
	for _, i := range arcs {
		a := g.arcs[i]
		es = append(es, Edge{From: a.from, To: a.to, RW: a.rw})
	}
	return es
}

func (g *graph) apart(a arc) bool { return a.rw && g.theory == Single }

// append adds an arc and leaves the order as it is.
func (g *graph) append(a arc) {
	i := int32(len(g.arcs))
	g.arcs = append(g.arcs, a)
	if g.apart(a) {
		g.rwFrom[a.from] = append(g.rwFrom[a.from], i)
		g.rwTo[a.to] = append(g.rwTo[a.to], i)
		return
	}
	g.out[a.from] = append(g.out[a.from], i)
	g.in[a.to] = append(g.in[a.to], i)
}

// cut takes back all arcs from the n-th on. The order stays one of those that are left.
func (g *graph) cut(n int32) {
	for i := int32(len(g.arcs)) - 1; i >= n; i-- {
		a := g.arcs[i]
		from, to := &g.out[a.from], &g.in[a.to]
		if g.apart(a) {
			from, to = &g.rwFrom[a.from], &g.rwTo[a.to]
		}
		*from = (*from)[:len(*from)-1]
		*to = (*to)[:len(*to)-1]
	}
	g.arcs = g.arcs[:n]
}

// insert adds an arc and mends the order. If the arc closes a forbidden cycle, it is not added, and the arcs of the rest of the cycle
// are returned.
func (g *graph) insert(a arc) (cycle []int32, ok bool) {
	if a.from == a.to {
		return nil, g.apart(a)
	}
	if g.apart(a) {
		if path, found := g.reaches(a.to, a.from); found {
			return path, false
		}
		g.append(a)
		return nil, true
	}
	if g.at[a.from] > g.at[a.to] {
		path, found := g.reaches(a.to, a.from)
		if found {
			return path, false
		}
		g.reorder(a)
	}
	if g.theory == Single {
		if path := g.around(a); path != nil {
			return path, false
		}
	}
	g.append(a)
	return nil, true
}

// reaches searches forward from a node for another and returns the arcs of a path. What it visited is in queue.
func (g *graph) reaches(from, to int32) (path []int32, found bool) {
	limit := g.at[to]
	g.stamp++
	g.queue = g.queue[:0]
	if g.at[from] > limit {
		return nil, false
	}
	g.queue = append(g.queue, from)
	g.mark[from] = g.stamp
	for i := 0; i < len(g.queue); i++ {
		v := g.queue[i]
		for _, e := range g.out[v] {
			w := g.arcs[e].to
			if g.mark[w] == g.stamp || g.at[w] > limit {
				continue
			}
			g.mark[w], g.parent[w] = g.stamp, e
			if w == to {
				g.steps += i
				return g.trace(from, to), true
			}
			g.queue = append(g.queue, w)
		}
	}
	g.steps += len(g.queue)
	return nil, false
}

// trace follows the parents from a node back to where a search began.
func (g *graph) trace(from, to int32) []int32 {
	var path []int32
	for v := to; v != from; v = g.arcs[g.parent[v]].from {
		path = append(path, g.parent[v])
	}
	slices.Reverse(path)
	return path
}

// reorder moves what comes before a.from behind what follows a.to, which the last call of reaches has found: Pearce and Kelly.
func (g *graph) reorder(a arc) {
	limit := g.at[a.to]
	g.queue2 = append(g.queue2[:0], a.from)
	g.mark[a.from] = g.stamp
	for i := 0; i < len(g.queue2); i++ {
		for _, e := range g.in[g.queue2[i]] {
			u := g.arcs[e].from
			if g.mark[u] != g.stamp && g.at[u] > limit {
				g.mark[u] = g.stamp
				g.queue2 = append(g.queue2, u)
			}
		}
	}
	g.steps += len(g.queue2)
	byPlace := func(x, y int32) int { return int(g.at[x]) - int(g.at[y]) }
	slices.SortFunc(g.queue, byPlace)
	slices.SortFunc(g.queue2, byPlace)
	g.position = g.position[:0]
	for _, v := range g.queue2 {
		g.position = append(g.position, g.at[v])
	}
	for _, v := range g.queue {
		g.position = append(g.position, g.at[v])
	}
	slices.Sort(g.position)
	for i, v := range append(g.queue2, g.queue...) {
		g.at[v] = g.position[i]
		g.order[g.position[i]] = v
	}
}

// around looks for a cycle of a new arc, which is not RW, and one RW arc.
func (g *graph) around(a arc) []int32 {
	g.stamp++
	g.queue = append(g.queue[:0], a.to)
	g.queue2 = append(g.queue2[:0], a.from)
	g.mark[a.to], g.back[a.from] = g.stamp, g.stamp
	for i := 0; i < len(g.queue2); i++ {
		for _, e := range g.in[g.queue2[i]] {
			if u := g.arcs[e].from; g.back[u] != g.stamp {
				g.back[u], g.behind[u] = g.stamp, e
				g.queue2 = append(g.queue2, u)
			}
		}
	}
	for i := 0; i < len(g.queue); i++ {
		v := g.queue[i]
		for _, e := range g.rwFrom[v] {
			if u := g.arcs[e].to; g.back[u] == g.stamp {
				return g.closed(a, v, u, e)
			}
		}
		for _, e := range g.out[v] {
			if w := g.arcs[e].to; g.mark[w] != g.stamp {
				g.mark[w], g.parent[w] = g.stamp, e
				g.queue = append(g.queue, w)
			}
		}
	}
	g.steps += len(g.queue) + len(g.queue2)
	return nil
}

// closed returns the arcs from a.to to v, the RW arc rw from v to u, and those from u to a.from.
func (g *graph) closed(a arc, v, u, rw int32) []int32 {
	path := append(g.trace(a.to, v), rw)
	for u != a.from {
		path = append(path, g.behind[u])
		u = g.arcs[g.behind[u]].to
	}
	return path
}

// shortest returns the arcs of a shortest path by arcs before the limit; nil if there is none. It does not look at the order.
// With Single it may use an RW arc, and no more than one.
func (g *graph) shortest(from, to int32, limit int) []int32 {
	if g.theory == Single {
		return g.shortestSingle(from, to, limit)
	}
	g.stamp++
	g.queue = append(g.queue[:0], from)
	g.mark[from] = g.stamp
	for i := 0; i < len(g.queue); i++ {
		v := g.queue[i]
		if v == to && i > 0 {
			return g.trace(from, to)
		}
		for _, e := range g.out[v] {
			w := g.arcs[e].to
			if int(e) >= limit || g.mark[w] == g.stamp {
				continue
			}
			g.mark[w], g.parent[w] = g.stamp, e
			g.queue = append(g.queue, w)
		}
	}
	return nil
}

// shortestSingle is shortest over two layers: before and after the RW arc.
func (g *graph) shortestSingle(from, to int32, limit int) []int32 {
	n := int32(len(g.out))
	parent := make(map[int32]int32) // node of a layer → arc
	queue := []int32{from}
	parent[from] = -1
	for i := 0; i < len(queue); i++ {
		v := queue[i]
		layer, b := v/n, v%n
		if b == to {
			var path []int32
			for parent[v] >= 0 {
				e := parent[v]
				path = append(path, e)
				v = g.arcs[e].from + v/n*n
				if g.arcs[e].rw {
					v -= n
				}
			}
			slices.Reverse(path)
			return path
		}
		step := func(e, w int32) {
			if _, seen := parent[w]; !seen && int(e) < limit {
				parent[w] = e
				queue = append(queue, w)
			}
		}
		for _, e := range g.out[b] {
			step(e, g.arcs[e].to+layer*n)
		}
		if layer == 0 {
			for _, e := range g.rwFrom[b] {
				step(e, g.arcs[e].to+n)
			}
		}
	}
	return nil
}

// hasOnlyRW reports whether all arcs from v to w are RW.
func (g *graph) hasOnlyRW(v, w int32) bool {
	for _, e := range g.out[v] {
		if a := g.arcs[e]; a.to == w && !a.rw {
			return false
		}
	}
	return true
}
