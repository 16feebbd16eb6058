package sequence

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/report/internal/account"
	"github.com/capsize-go/capsize/report/internal/wording"
)

const (
	maxNodes     = 9 // lanes of nodes
	maxProcesses = 8 // lanes of processes
	top          = 24.0
)

// A lane is a row of the diagram: a node, or a process of the counterexample.
type lane struct {
	host    string // the node, or the host of the client
	process int    // -1 for a node
	y       float64
}

func (l lane) node() bool { return l.process < 0 }

func (l lane) title() string {
	if l.node() {
		return wording.Clean(l.host, 14)
	}
	return fmt.Sprint("process ", l.process)
}

// arrange makes the lanes: nodes that send or receive what is drawn, and the processes of the counterexample, in an order
// that keeps arrows short.
func (d *drawing) arrange() {
	for _, h := range d.shownNodes() {
		d.lanes = append(d.lanes, lane{host: h, process: -1})
	}
	n := 0
	for _, c := range d.Calls {
		known := slices.ContainsFunc(d.lanes, func(l lane) bool { return l.process == c.Invoke.Process })
		if known || n == maxProcesses {
			continue
		}
		n++
		d.lanes = append(d.lanes, lane{host: d.clientHost(c), process: c.Invoke.Process})
	}
	d.order()
	room := (d.Height - top - 40) / float64(max(len(d.lanes), 1))
	step := min(max(room, 27), 62)
	y := top + step/2 + 4
	for i := range d.lanes {
		d.lanes[i].y = y
		y += step
	}
	d.bottom = y - step/2 + 4
	d.width, d.height = d.Width, d.bottom+26
}

// clientHost returns the host of the client of a call: that of its process, or else the node that the call is bound to.
func (d *drawing) clientHost(c Call) string {
	if h := account.ClientOf(c.Call, d.Clients); h != "" && !slices.Contains(d.nodes(), h) {
		return h
	}
	return ""
}

func (d *drawing) nodes() []string { return account.Nodes(d.Trace, d.History) }

// shownNodes returns the nodes of the diagram: those with arrows first, then those of the calls, at most maxNodes of them.
func (d *drawing) shownNodes() []string {
	weight := map[string]int{}
	for _, h := range d.nodes() {
		weight[h] = 1
	}
	for _, a := range d.arrows {
		for _, h := range []string{a.From, a.To} {
			if weight[h] > 0 {
				weight[h] += 1 + 100*int(a.heat)
			}
		}
	}
	for _, c := range d.Calls {
		if weight[c.Invoke.Node] > 0 {
			weight[c.Invoke.Node] += 1000
		}
	}
	all := sorting.Keys(weight)
	sorting.Stable(all, func(a, b string) int { return cmp.Compare(weight[b], weight[a]) })
	all = all[:min(len(all), maxNodes)]
	slices.Sort(all)
	return all
}

// laneOf returns the index of the lane of a host at an instant, or -1. Several processes may have been one client's, one
// after the other.
func (d *drawing) laneOf(host string, at time.Duration) int {
	found := -1
	for i, l := range d.lanes {
		if l.host != host || host == "" {
			continue
		}
		if l.node() || found < 0 || d.calling(l.process, at) {
			found = i
		}
	}
	return found
}

func (d *drawing) calling(process int, at time.Duration) bool {
	return slices.ContainsFunc(d.Calls, func(c Call) bool {
		return c.Invoke.Process == process && c.Invoke.Time <= at && at <= c.Complete.Time
	})
}

// order puts the lanes into the order of the least cost. It begins with each process beside its node, and swaps lanes as
// long as that helps.
func (d *drawing) order() {
	weights := d.weights()
	sides := d.sides()
	best := make([]int, len(d.lanes))
	for i := range best {
		best[i] = i
	}
	cost := d.cost(best, weights, sides)
	for improved := true; improved; {
		improved = false
		for i := range best {
			for j := range best {
				if i == j {
					continue
				}
				next := moved(best, i, j)
				if c := d.cost(next, weights, sides); c < cost {
					best, cost, improved = next, c, true
				}
			}
		}
	}
	lanes := make([]lane, len(best))
	for place, i := range best {
		lanes[place] = d.lanes[i]
	}
	d.lanes = lanes
}

// moved returns an order with the lane at i moved to j.
func moved(order []int, i, j int) []int {
	next := slices.Clone(order)
	x := next[i]
	next = slices.Delete(next, i, i+1)
	return slices.Insert(next, j, x)
}

// weights counts the arrows between lanes; those that matter count more.
func (d *drawing) weights() [][]float64 {
	w := make([][]float64, len(d.lanes))
	for i := range w {
		w[i] = make([]float64, len(d.lanes))
	}
	for _, a := range d.arrows {
		i, j := d.laneOf(a.From, a.Sent), d.laneOf(a.To, a.At)
		if i >= 0 && j >= 0 {
			w[i][j] += 1 + 6*float64(a.heat)
		}
	}
	for _, c := range d.Calls {
		i := slices.IndexFunc(d.lanes, func(l lane) bool { return l.process == c.Invoke.Process })
		if j := d.laneOf(c.Invoke.Node, 0); i >= 0 && j >= 0 {
			w[i][j] += 4
		}
	}
	return w
}

// sides returns on which side of the first cut network each lane is: 1, 2, or 0 for neither.
func (d *drawing) sides() []int {
	sides := make([]int, len(d.lanes))
	f, ok := d.cut()
	if !ok {
		return sides
	}
	a, b, _ := account.Sides(f.Name)
	for i, l := range d.lanes {
		host := l.host
		if !l.node() {
			host = d.boundTo(l.process)
		}
		switch {
		case slices.Contains(a, host):
			sides[i] = 1
		case slices.Contains(b, host):
			sides[i] = 2
		}
	}
	return sides
}

func (d *drawing) boundTo(process int) string {
	for _, c := range d.Calls {
		if c.Invoke.Process == process {
			return c.Invoke.Node
		}
	}
	return ""
}

// cut returns the first shown fault that cuts the network in two.
func (d *drawing) cut() (account.Fault, bool) {
	for _, f := range d.Faults {
		if _, _, ok := account.Sides(f.Name); ok && len(d.axis.within(f.From, f.To)) > 0 {
			return f, true
		}
	}
	return account.Fault{}, false
}

// cost is the length of all arrows, and much for each change of sides after the first.
func (d *drawing) cost(order []int, weights [][]float64, sides []int) float64 {
	sum := 0.0
	for i, a := range order {
		for j, b := range order {
			sum += weights[a][b] * float64(max(i-j, j-i))
		}
	}
	last, changes := 0, 0
	for _, i := range order {
		if sides[i] == 0 {
			continue
		}
		if last != 0 && sides[i] != last {
			changes++
		}
		last = sides[i]
	}
	total := 0.0
	for _, row := range weights {
		for _, w := range row {
			total += w
		}
	}
	return sum + float64(max(0, changes-1))*total
}

// drawLanes draws the names and the lines of the lanes.
func (d *drawing) drawLanes() {
	for _, l := range d.lanes {
		class, line := "lane", "life"
		if !l.node() {
			class, line = "lane cl", "life client"
		}
		d.label(class, 13, wording.Fit(l.title(), 13, leftMargin-18), spot{12, l.y + 4.5, start})
		path := ""
		for _, s := range d.axis.stretches {
			path += "M" + num(s.x0) + " " + num(l.y) + "H" + num(s.x1)
		}
		d.path(line, path)
	}
}

// drawRoles draws bars where a node leads, and where it still believes so though another leads a later term.
func (d *drawing) drawRoles() {
	reigns := account.Reigns(d.Trace)
	for _, r := range reigns {
		i := d.laneOf(r.Host, r.From)
		if !account.Leads(r.Role) || i < 0 {
			continue
		}
		to := r.To
		if !r.Ended {
			to = max(to, d.Trace.To)
		}
		stale := to
		for _, o := range reigns {
			if account.Leads(o.Role) && o.Host != r.Host && o.Term > r.Term && o.From < stale {
				stale = max(o.From, r.From)
			}
		}
		d.bars("lead", r, d.lanes[i].y, r.From, stale)
		if stale < to {
			d.bars("stale", r, d.lanes[i].y, stale, to)
		}
	}
}

// bars draws a role in each stretch that shows it, with its name once in each.
func (d *drawing) bars(class string, r account.Reign, y float64, from, to time.Duration) {
	named := false
	for _, i := range d.axis.within(from, to) {
		s := d.axis.stretches[i]
		a, b := d.axis.x(max(from, s.from)), d.axis.x(min(to, s.to))
		if b-a < 0.5 {
			continue
		}
		d.rounded("role "+class, a, y-5, b-a, 10, 3)
		text := roleText(r, class)
		if !named {
			named = d.label("rl "+class, 11.5, text, spot{a + 6, y - 9, start}, spot{b - 4, y - 9, end}, spot{a + 6, y + 18, start})
		}
	}
}

func roleText(r account.Reign, class string) string {
	term := ""
	if r.Term > 0 {
		term = fmt.Sprintf(" term %d", r.Term)
	}
	if class == "stale" {
		if term == "" {
			return "still believes that it is " + wording.Clean(r.Role, 20)
		}
		return "still believes that it leads" + term
	}
	if term != "" {
		term = "," + term
	}
	return wording.Clean(r.Role, 20) + term
}

// drawDown draws where nodes were down or paused.
func (d *drawing) drawDown() {
	since := map[string]time.Duration{}
	kind := map[string]string{}
	begin := func(e trace.Event, at time.Duration) {
		switch e.Kind {
		case trace.Crash:
			since[e.Host], kind[e.Host] = at, "down"
		case trace.Pause:
			since[e.Host], kind[e.Host] = at, "paused"
		}
	}
	for _, e := range d.Trace.Standing {
		begin(e, d.Trace.From)
	}
	for _, e := range d.Trace.Events {
		if at, ok := since[e.Host]; ok && (e.Kind == trace.Restart || e.Kind == trace.Resume) {
			d.downBar(e.Host, kind[e.Host], at, e.At)
			delete(since, e.Host)
		}
		begin(e, e.At)
	}
	for _, h := range sorting.Keys(since) {
		d.downBar(h, kind[h], since[h], d.Trace.To)
	}
}

func (d *drawing) downBar(host, kind string, from, to time.Duration) {
	i := d.laneOf(host, from)
	if i < 0 {
		return
	}
	y, named := d.lanes[i].y, false
	for _, n := range d.axis.within(from, to) {
		s := d.axis.stretches[n]
		a, b := d.axis.x(max(from, s.from)), d.axis.x(min(to, s.to))
		d.group("down", fmt.Sprintf("%s is %s from %s to %s", wording.Clean(host, 40), kind, account.Instant(from), account.Instant(to)), func() {
			d.rect("down", a, y-5, max(b-a, 2), 10)
		})
		if !named {
			named = d.label("dn", 11.5, kind, spot{a + 4, y - 8, start}, spot{b - 4, y - 8, end})
		}
	}
}
