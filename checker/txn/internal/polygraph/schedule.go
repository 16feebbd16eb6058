package polygraph

import "slices"

// A schedule puts the nodes one after the other into an order that keeps the arcs and the spans. Of those that may come
// next it takes the one that comes first in Problem.First; a point waits until the spans of its key that are open have ended, and
// so that they can, what ends them is taken before it if that may come next. What only opens a span and stands for itself alone,
// as the begin of a transaction that writes under snapshot isolation, waits until it is needed: the later it comes, the fewer
// others it keeps waiting.
//
// It never takes a step back. Where nothing near may come next, the point that should have is held up by spans that can't end before it: it had
// better come before them, which are arcs for another attempt. An order that a schedule finds is an answer; that it finds none says nothing.
type schedule struct {
	p     *Problem
	next  csr // by node: those that come after it
	waits []int32
	rank  []int32

	firsts, lasts csr // by node: points, by number
	starts, ends  csr // by node: spans
	key, index    []int32
	lazy          []int32 // by node: if it waits until it is needed, the point's first node that needs it; else -1
	needs         []int32 // by node: the lazy node before it, or -1

	open   [][]int32 // by key: spans
	place  []int32   // by span: its place in open, or -1
	inside []int32   // by key: the point that has begun and not ended, or -1
	state  []uint8   // by node
	order  []int32
	free   []int32 // may come next, and keep nothing waiting
	ready  ranked
	idle   ranked // lazy nodes that may come next
	better []Edge // why it got stuck: what should come before what
	steps  int
}

const (
	waiting = iota
	queued
	tried // being tried
	placed
)

const (
	mendPart      = 4   // the part of the steps that schedules may take
	scheduleDepth = 16  // how many nodes may be taken early for one
	scheduleSteps = 64  // how many steps a schedule may take for each node and span
	scheduleAhead = 128 // how far behind a node that has to wait another may be that is taken before it, by their ranks
)

// mend makes schedules until one is an answer, each with what the one before was stuck for want of. It returns nil if it finds none, or takes
// too many of the steps.
func (p *Problem) mend(arcs []Edge, steps *int) *Answer {
	if len(p.Spans) == 0 || len(p.Choices) > 0 || p.Theory == Single {
		return nil
	}
	arcs = arcs[:len(arcs):len(arcs)]
	for taken, most := 0, *steps/mendPart; taken < most; {
		c := p.newSchedule(arcs)
		c.run(scheduleSteps * (p.Nodes + len(p.Spans)))
		used := (c.steps + len(arcs) + len(p.Spans)) / 16 // one is as quick as that
		taken, *steps = taken+used, *steps-used
		if len(c.order) == p.Nodes {
			at := make([]int32, p.Nodes)
			for i, v := range c.order {
				at[v] = int32(i)
			}
			if len(p.broken(c.order, at, 1)) == 0 {
				return &Answer{Verdict: Yes, Order: c.order}
			}
			return nil
		}
		if len(c.better) == 0 {
			return nil
		}
		arcs = append(arcs, c.better...)
		if _, cycle := (&Problem{Nodes: p.Nodes, Known: arcs}).incoming().sorted(p.First); cycle != nil {
			return nil
		}
	}
	return nil
}

// newSchedule returns a schedule that keeps arcs.
func (p *Problem) newSchedule(arcs []Edge) *schedule {
	c := &schedule{p: p, waits: make([]int32, p.Nodes), rank: make([]int32, p.Nodes), state: make([]uint8, p.Nodes)}
	c.next = listed(p.Nodes, len(arcs), func(i int) (int32, int32) { return arcs[i].From, arcs[i].To })
	for _, a := range arcs {
		c.waits[a.To]++
	}
	for i := range c.rank {
		c.rank[i] = int32(i)
	}
	for i, v := range p.First {
		c.rank[v] = int32(i)
	}
	c.group()
	return c
}

// listed sorts n numbered pairs by their first elements.
func listed(nodes, n int, pair func(i int) (node, of int32)) csr {
	g := csr{start: make([]int32, nodes+2), from: make([]int32, n)}
	for i := range n {
		v, _ := pair(i)
		g.start[v+2]++
	}
	for i := 2; i < len(g.start); i++ {
		g.start[i] += g.start[i-1]
	}
	for i := range n {
		v, of := pair(i)
		g.from[g.start[v+1]] = of
		g.start[v+1]++
	}
	g.start = g.start[:nodes+1]
	return g
}

func (g csr) of(v int32) []int32 { return g.from[g.start[v]:g.start[v+1]] }

// group lists points and spans by their nodes, and finds out which nodes are lazy.
func (c *schedule) group() {
	p := c.p
	for k, points := range p.Points {
		for i := range points {
			c.key, c.index = append(c.key, int32(k)), append(c.index, int32(i))
		}
	}
	point := func(i int) Point { return p.Points[c.key[i]][c.index[i]] }
	c.firsts = listed(p.Nodes, len(c.key), func(i int) (int32, int32) { return point(i).First, int32(i) })
	c.lasts = listed(p.Nodes, len(c.key), func(i int) (int32, int32) { return point(i).Last, int32(i) })
	c.starts = listed(p.Nodes, len(p.Spans), func(i int) (int32, int32) { return p.Spans[i].From, int32(i) })
	c.ends = listed(p.Nodes, len(p.Spans), func(i int) (int32, int32) { return p.Spans[i].To, int32(i) })
	c.open, c.inside, c.place = make([][]int32, len(p.Points)), filled(len(p.Points)), filled(len(p.Spans))
	c.lazy, c.needs = filled(p.Nodes), filled(p.Nodes)
	for _, s := range p.Spans {
		if !c.chain(s) {
			continue
		}
		if own := p.Points[s.Key][s.Own]; s.From != own.First && len(c.firsts.of(s.From)) == 0 {
			c.lazy[s.From], c.needs[own.First] = own.First, s.From
		}
	}
	c.ready.rank, c.idle.rank = c.rank, c.rank
}

func filled(n int) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = -1
	}
	return s
}

// chain reports whether a span is that of a point, and not of a read of it.
func (c *schedule) chain(s Span) bool {
	points := c.p.Points[s.Key]
	return s.Own >= 0 && int(s.Own) < len(points) && s.From != points[s.Own].Last
}

// run places all nodes, unless it gets stuck or that takes too many steps.
func (c *schedule) run(limit int) {
	for v := range int32(c.p.Nodes) {
		c.look(v)
	}
	var blocked []int32
	for c.steps < limit {
		for len(c.free) > 0 {
			v := c.free[len(c.free)-1]
			c.free = c.free[:len(c.free)-1]
			c.take(v)
		}
		v := c.ready.pop()
		switch {
		case len(blocked) > 0 && (v < 0 || c.rank[v] > c.rank[blocked[0]]+scheduleAhead):
			c.stuck(blocked[0])
			return
		case v < 0:
			if v = c.idle.pop(); v < 0 {
				return
			}
			if c.state[v] != placed {
				c.take(v)
			}
		case c.state[v] != placed:
			c.state[v] = waiting
			if !c.try(v, scheduleDepth) {
				blocked = append(blocked, v)
				continue
			}
		}
		for _, b := range blocked {
			c.look(b)
		}
		blocked = blocked[:0]
	}
}

// stuck finds the spans that hold a node up.
func (c *schedule) stuck(v int32) {
	for _, i := range c.firsts.of(v) {
		k := c.key[i]
		for _, n := range c.open[k] {
			if s := c.p.Spans[n]; s.Own != c.index[i] && s.To != v {
				e := Edge{From: c.p.Points[k][c.index[i]].Last, To: s.From}
				if !slices.Contains(c.better, e) {
					c.better = append(c.better, e)
				}
			}
		}
	}
}

// look puts a node where it belongs if it may come next.
func (c *schedule) look(v int32) {
	if c.state[v] != waiting {
		return
	}
	switch begin := c.needs[v]; {
	case c.waits[v] == 1 && begin >= 0 && c.waits[begin] == 0 && c.state[begin] != placed, c.waits[v] == 0 && c.opens(v) && c.lazy[v] < 0:
		c.state[v] = queued
		c.ready.push(v)
	case c.waits[v] > 0:
	case c.lazy[v] >= 0:
		c.idle.push(v)
		c.state[v] = queued
		c.look(c.lazy[v])
	default:
		c.state[v] = queued
		c.free = append(c.free, v)
	}
}

// opens reports whether a node keeps others waiting.
func (c *schedule) opens(v int32) bool { return len(c.firsts.of(v)) > 0 || len(c.starts.of(v)) > 0 }

// try places a node, and before it what has to be. It reports false if that can't be done.
func (c *schedule) try(v int32, depth int) bool {
	switch {
	case c.state[v] == placed:
		return true
	case depth == 0 || c.state[v] == tried || !c.may(v):
		return false
	}
	before := c.state[v]
	c.state[v] = tried
	if c.clear(v, depth) && c.may(v) {
		c.take(v)
		return true
	}
	c.state[v] = before
	return false
}

// clear ends the spans that a node has to wait for, and places the lazy node before it.
func (c *schedule) clear(v int32, depth int) bool {
	for _, i := range c.firsts.of(v) {
		for n := 0; n < len(c.open[c.key[i]]); {
			s := c.p.Spans[c.open[c.key[i]][n]]
			if s.Own == c.index[i] || s.To == v {
				n++
				continue
			}
			if !c.try(s.To, depth-1) {
				return false
			}
			n = 0
		}
	}
	return c.waits[v] == 0 || c.try(c.needs[v], depth-1) && c.waits[v] == 0
}

// may reports whether nothing stands in the way of a node but what could come next.
func (c *schedule) may(v int32) bool {
	if c.waits[v] > 0 && (c.waits[v] > 1 || c.needs[v] < 0 || c.waits[c.needs[v]] > 0) {
		return false
	}
	for _, i := range c.firsts.of(v) {
		k := c.key[i]
		if in := c.inside[k]; in >= 0 && in != c.index[i] {
			return false
		}
		c.steps += len(c.open[k]) + 1
		for _, n := range c.open[k] {
			if s := c.p.Spans[n]; s.Own != c.index[i] && s.To != v && (c.waits[s.To] > 0 || c.meets(s.To, k, c.index[i])) {
				return false
			}
		}
	}
	for _, n := range c.starts.of(v) {
		s := c.p.Spans[n]
		c.steps++
		if in := c.inside[s.Key]; in >= 0 && in != s.Own || c.chain(s) && c.meetsOpen(s) {
			return false
		}
	}
	return true
}

// meets reports whether a node begins a span of another point of a key.
func (c *schedule) meets(v, k, own int32) bool {
	for _, n := range c.starts.of(v) {
		if s := c.p.Spans[n]; s.Key == k && s.Own != own {
			return true
		}
	}
	return false
}

// meetsOpen reports whether the span of another point of the key is open: neither of the two could end before the other.
func (c *schedule) meetsOpen(s Span) bool {
	c.steps += len(c.open[s.Key])
	for _, n := range c.open[s.Key] {
		if o := c.p.Spans[n]; o.Own != s.Own && c.chain(o) {
			return true
		}
	}
	return false
}

// take places a node.
func (c *schedule) take(v int32) {
	c.state[v] = placed
	c.order = append(c.order, v)
	for _, n := range c.ends.of(v) {
		c.close(n)
	}
	for _, i := range c.firsts.of(v) {
		c.inside[c.key[i]] = c.index[i]
	}
	for _, i := range c.lasts.of(v) {
		if c.inside[c.key[i]] == c.index[i] {
			c.inside[c.key[i]] = -1
		}
	}
	for _, n := range c.starts.of(v) {
		k := c.p.Spans[n].Key
		c.place[n] = int32(len(c.open[k]))
		c.open[k] = append(c.open[k], n)
	}
	for _, to := range c.next.of(v) {
		c.waits[to]--
		c.steps++
		c.look(to)
	}
}

// close takes a span from those that are open.
func (c *schedule) close(n int32) {
	at := c.place[n]
	if at < 0 {
		return
	}
	open := &c.open[c.p.Spans[n].Key]
	last := (*open)[len(*open)-1]
	(*open)[at], c.place[last] = last, at
	*open, c.place[n] = (*open)[:len(*open)-1], -1
}

// ranked is a heap of nodes, the first by rank on top.
type ranked struct{ rank, list []int32 }

func (h *ranked) push(v int32) {
	h.list = append(h.list, v)
	for i := len(h.list) - 1; i > 0; {
		up := (i - 1) / 2
		if h.rank[h.list[i]] >= h.rank[h.list[up]] {
			return
		}
		h.list[i], h.list[up] = h.list[up], h.list[i]
		i = up
	}
}

// pop returns the first node, or -1.
func (h *ranked) pop() int32 {
	n := len(h.list) - 1
	if n < 0 {
		return -1
	}
	top := h.list[0]
	h.list[0] = h.list[n]
	h.list = h.list[:n]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < n; child++ {
			if h.rank[h.list[child]] < h.rank[h.list[least]] {
				least = child
			}
		}
		if least == i {
			return top
		}
		h.list[i], h.list[least] = h.list[least], h.list[i]
		i = least
	}
}
