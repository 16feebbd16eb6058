package kafka

import "slices"

// components returns the strongly connected components of more than one node, each ascending, by Tarjan's algorithm without recursion.
func components(edges [][]edge) (all [][]int32) {
	n := len(edges)
	index, low, on := make([]int32, n), make([]int32, n), make([]bool, n) // index counts from 1; 0 is not visited
	type frame struct {
		node int32
		next int // of its edges
	}
	var stack []int32
	var path []frame
	visited := int32(0)
	enter := func(v int32) {
		visited++
		index[v], low[v], on[v] = visited, visited, true
		stack, path = append(stack, v), append(path, frame{node: v})
	}
	for root := range n {
		if index[root] > 0 {
			continue
		}
		enter(int32(root))
		for len(path) > 0 {
			top := &path[len(path)-1]
			v := top.node
			if top.next < len(edges[v]) {
				w := edges[v][top.next].to
				top.next++
				if index[w] == 0 {
					enter(w)
				} else if on[w] {
					low[v] = min(low[v], index[w])
				}
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				parent := path[len(path)-1].node
				low[parent] = min(low[parent], low[v])
			}
			if low[v] < index[v] {
				continue
			}
			at := len(stack) - 1
			for stack[at] != v {
				at--
			}
			set := slices.Clone(stack[at:])
			stack = stack[:at]
			for _, w := range set {
				on[w] = false
			}
			if len(set) > 1 {
				slices.Sort(set)
				all = append(all, set)
			}
		}
	}
	slices.SortFunc(all, func(a, b []int32) int { return int(a[0] - b[0]) })
	return all
}

// tries is from how many edges of a component a shortest cycle is looked for.
const tries = 64

// shortest returns a cycle inside a component that has an edge of a kind, or nil if no edge of it has. It is the shortest through one of
// the first edges of that kind.
func shortest(edges [][]edge, set []int32, kind uint8) (best []step) {
	inside := make(map[int32]bool, len(set))
	for _, v := range set {
		inside[v] = true
	}
	tried := 0
	for _, v := range set {
		for _, e := range edges[v] {
			if e.kind != kind || !inside[e.to] || tried == tries {
				continue
			}
			tried++
			back := route(edges, inside, e.to, v)
			if best == nil || len(back)+1 < len(best) {
				best = append([]step{{v, e}}, back...)
			}
		}
	}
	return best
}

// route returns the shortest way from one node to another inside a component.
func route(edges [][]edge, inside map[int32]bool, from, to int32) (way []step) {
	came := map[int32]step{from: {from: -1}}
	queue := []int32{from}
	for len(queue) > 0 && queue[0] != to {
		v := queue[0]
		queue = queue[1:]
		for _, e := range edges[v] {
			if _, seen := came[e.to]; !seen && inside[e.to] {
				came[e.to] = step{v, e}
				queue = append(queue, e.to)
			}
		}
	}
	for v := to; v != from; v = came[v].from {
		way = append(way, came[v])
	}
	slices.Reverse(way)
	return way
}
