package graph

// Components are the strongly connected components of the graph of a search.
type Components struct {
	Of     []int32 // component of each state, in reverse topological order: an edge leads to a component of the same number or a smaller one
	Cyclic int     // how many have more than one state
	sizes  []int32
}

// Components finds them with Tarjan's algorithm (Depth-first search and linear graph algorithms, 1972), in O(nodes + edges).
func (g *Graph) Components(w Walk) *Components {
	n := g.states(w)
	t := &tarjan{g: g, w: w, low: make([]int32, n), next: make([]int32, n), stack: make([]int32, 0, n)}
	t.c.sizes = make([]int32, 0, n)
	t.c.Of = make([]int32, n)
	for i := range t.c.Of {
		t.c.Of[i] = -1
	}
	for root := range int32(n) {
		if t.low[root] == 0 {
			t.from(root)
		}
	}
	return &t.c
}

// A tarjan is a run of the algorithm. A state's index of discovery and the lowest that it reaches share one number: it is only
// ever lowered, and compared with what it was, which pos in the stack tells.
type tarjan struct {
	g     *Graph
	w     Walk
	c     Components
	low   []int32
	next  []int32 // next edge of each state
	stack []int32
	calls []call
	time  int32
}

type call struct{ state, index int32 }

func (t *tarjan) enter(v int32) {
	t.time++
	t.low[v] = t.time
	n, _ := t.g.node(v)
	t.next[v] = t.g.First[n]
	t.stack = append(t.stack, v)
	t.calls = append(t.calls, call{v, t.time})
}

func (t *tarjan) from(root int32) {
	t.enter(root)
	for len(t.calls) > 0 {
		top := t.calls[len(t.calls)-1]
		v := top.state
		n, late := t.g.node(v)
		i := t.next[v]
		if i == t.g.First[n+1] {
			t.calls = t.calls[:len(t.calls)-1]
			t.leave(v, top.index)
			continue
		}
		t.next[v] = i + 1
		to, ok := t.g.step(t.w, i, late)
		switch {
		case !ok:
		case t.low[to] == 0:
			t.enter(to)
		case t.c.Of[to] < 0: // on the stack
			t.low[v] = min(t.low[v], t.low[to])
		}
	}
}

func (t *tarjan) leave(v, index int32) {
	if len(t.calls) > 0 {
		up := t.calls[len(t.calls)-1].state
		t.low[up] = min(t.low[up], t.low[v])
	}
	if t.low[v] != index {
		return
	}
	size, c := int32(0), int32(len(t.c.sizes))
	for {
		s := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		t.c.Of[s] = c
		size++
		if s == v {
			break
		}
	}
	t.c.sizes = append(t.c.sizes, size)
	if size > 1 {
		t.c.Cyclic++
	}
}

// Within reports whether an edge from one state to another lies on a cycle.
func (c *Components) Within(from, to int32) bool {
	return c.Of[from] == c.Of[to] && c.sizes[c.Of[from]] > 1
}
