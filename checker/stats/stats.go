package stats

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker/internal/shapes"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A Report is the availability and the speed of a system, as a history shows them. The zero
// value is that of an empty history.
type Report struct {
	All     CallGroup     `json:"all"`
	Inside  CallGroup     `json:"inside"`  // calls that overlap a window of the nemesis
	Outside CallGroup     `json:"outside"` // the others
	ByF     []CallGroup   `json:"by_f"`    // in the order of their names
	ByNode  []CallGroup   `json:"by_node"`
	Windows []FaultWindow `json:"windows"` // in the order of their beginnings
	Rate    []RateBin     `json:"rate"`    // from the beginning on, all of the same width
}

// A CallGroup counts a group of calls.
type CallGroup struct {
	Name    string  `json:"name"`
	Calls   int     `json:"calls"`
	OK      int     `json:"ok"`
	Fail    int     `json:"fail"`
	Info    int     `json:"info"` // those that never completed are among them
	Latency Latency `json:"latency"`
}

// Availability returns the share of calls that were ok, from 0 to 1; 1 if there were none.
func (g CallGroup) Availability() float64 {
	if g.Calls == 0 {
		return 1
	}
	return float64(g.OK) / float64(g.Calls)
}

// A Latency is how long calls took, by outcome. Calls that never completed have none.
type Latency struct {
	OK   Spread `json:"ok"`
	Fail Spread `json:"fail"`
	Info Spread `json:"info"`
}

// A Spread is percentiles of durations: of N of them, the least one that the given share
// are not longer than (nearest rank).
type Spread struct {
	N    int           `json:"n"`
	P50  time.Duration `json:"p50"`
	P95  time.Duration `json:"p95"`
	P99  time.Duration `json:"p99"`
	P999 time.Duration `json:"p999"`
	Max  time.Duration `json:"max"`
}

// A FaultWindow is a time in which a fault was active.
type FaultWindow struct {
	Name  string        `json:"name"`
	Begin time.Duration `json:"begin"`
	End   time.Duration `json:"end"` // the end of the history if it was not healed
	Calls CallGroup     `json:"calls"`
}

// A RateBin counts the calls that ended in an interval of time.
type RateBin struct {
	Begin time.Duration `json:"begin"`
	OK    int           `json:"ok"`
	Fail  int           `json:"fail"`
	Info  int           `json:"info"`
}

// rateBins is how many bins a history is cut into at most.
const rateBins = 100

// A groupBuilder collects the calls of a group.
type groupBuilder struct {
	CallGroup
	took [4][]time.Duration // by type
}

// add counts a call, and its latency if it completed.
func (g *groupBuilder) add(c history.Call) {
	g.Calls++
	switch c.Complete.Type {
	case history.OK:
		g.OK++
	case history.Fail:
		g.Fail++
	default:
		g.Info++
	}
	if !c.Open() && int(c.Complete.Type) < len(g.took) {
		g.took[c.Complete.Type] = append(g.took[c.Complete.Type], c.Complete.Time-c.Invoke.Time)
	}
}

func (g *groupBuilder) done() CallGroup {
	g.Latency = Latency{spread(g.took[history.OK]), spread(g.took[history.Fail]), spread(g.took[history.Info])}
	return g.CallGroup
}

// spread returns the percentiles of durations.
func spread(took []time.Duration) Spread {
	s := Spread{N: len(took)}
	if s.N == 0 {
		return s
	}
	slices.Sort(took)
	rank := func(q float64) time.Duration { return took[max(0, int(math.Ceil(q*float64(s.N)))-1)] }
	s.P50, s.P95, s.P99, s.P999, s.Max = rank(0.5), rank(0.95), rank(0.99), rank(0.999), took[s.N-1]
	return s
}

// Measure returns the statistics of a history. O(n log n), and as much again for each
// fault that is active at a time.
func Measure(h *history.History) Report {
	s := Report{Windows: windows(h)}
	all, in, out := groupBuilder{}, groupBuilder{}, groupBuilder{}
	all.Name, in.Name, out.Name = "all", "inside", "outside"
	byF, byNode := groupBuilders{}, groupBuilders{}
	each := make([]groupBuilder, len(s.Windows))
	width := s.bins(h)
	spans := newWindowSearch(s.Windows)
	var shapes shapes.FieldReader
	for c := range loneCalls(h) {
		all.add(c)
		byF.at(whatF(&shapes, c)).add(c)
		if c.Invoke.Node != "" {
			byNode.at(c.Invoke.Node).add(c)
		}
		inside := false
		for w := range spans.overlapping(c) {
			inside = true
			each[w].add(c)
		}
		if inside {
			in.add(c)
		} else {
			out.add(c)
		}
		s.rate(c, width)
	}
	s.All, s.Inside, s.Outside = all.done(), in.done(), out.done()
	s.ByF, s.ByNode = byF.sorted(), byNode.sorted()
	for i := range s.Windows {
		each[i].Name = s.Windows[i].Name
		s.Windows[i].Calls = each[i].done()
	}
	return s
}

// bins makes the bins of the rate, and returns their width.
func (s *Report) bins(h *history.History) time.Duration {
	end := h.End()
	if h.Len() == 0 || end < 0 {
		return 0
	}
	width := max(time.Millisecond, (end/rateBins/time.Millisecond+1)*time.Millisecond)
	s.Rate = make([]RateBin, int(end/width)+1)
	for i := range s.Rate {
		s.Rate[i].Begin = time.Duration(i) * width
	}
	return width
}

// rate counts a call in its bin.
func (s *Report) rate(c history.Call, width time.Duration) {
	if c.Open() || len(s.Rate) == 0 || c.Complete.Time < 0 {
		return
	}
	b := &s.Rate[min(int(c.Complete.Time/width), len(s.Rate)-1)]
	switch c.Complete.Type {
	case history.OK:
		b.OK++
	case history.Fail:
		b.Fail++
	default:
		b.Info++
	}
}

// whatF returns the F of a call, or "" if it has none.
func whatF(s *shapes.FieldReader, c history.Call) string {
	op := c.Invoke
	call, _, bad := s.Call(op, op.Index)
	if bad != nil {
		return ""
	}
	return call.F
}

// The groupBuilders are by name.
type groupBuilders map[string]*groupBuilder

func (g groupBuilders) at(name string) *groupBuilder {
	one := g[name]
	if one == nil {
		one = &groupBuilder{CallGroup: CallGroup{Name: name}}
		g[name] = one
	}
	return one
}

func (g groupBuilders) sorted() (all []CallGroup) {
	for _, name := range slices.Sorted(maps.Keys(g)) {
		all = append(all, g[name].done())
	}
	return all
}

// loneCalls yields the calls of a history, and after them the completions that have no
// invocation, as calls that take no time.
func loneCalls(h *history.History) func(yield func(history.Call) bool) {
	return func(yield func(history.Call) bool) {
		paired := make([]bool, h.Len())
		for c := range h.Calls() {
			paired[c.Invoke.Index] = true
			if !c.Open() {
				paired[c.Complete.Index] = true
			}
			if !yield(c) {
				return
			}
		}
		for op := range h.Ops() {
			if op.Process != history.Nemesis && op.Type != history.Invoke && !paired[op.Index] && !yield(history.Call{Invoke: op, Complete: op}) {
				return
			}
		}
	}
}

// windows returns the faults of a history. Of a nemesis of Jepsen's, whose ops are all
// infos, they are the times between a start and a stop of the same name.
func windows(h *history.History) (all []FaultWindow) {
	for c := range h.Faults() {
		if c.Complete.Type == history.Fail {
			continue // it could not be injected
		}
		w := FaultWindow{Name: c.Invoke.Key, Begin: c.Invoke.Time, End: min(c.Complete.Time, h.End())}
		if what, ok := c.Invoke.Input.(string); ok {
			w.Name = what
		}
		all = append(all, w)
	}
	open := map[string]int{} // by what is started, index in all
	closed := map[string]int{}
	for op := range h.Ops() {
		note, ok := op.Output.(history.JepsenOp)
		if op.Process != history.Nemesis || op.Type != history.Info || !ok {
			continue
		}
		if what, ok := strings.CutPrefix(note.F, "start"); ok {
			if _, there := open[what]; !there {
				open[what] = len(all)
				name := strings.TrimPrefix(what, "-")
				if name == "" {
					name = "fault"
				}
				all = append(all, FaultWindow{Name: name, Begin: op.Time, End: h.End()})
			}
		} else if what, ok := strings.CutPrefix(note.F, "stop"); ok {
			if at, there := open[what]; there {
				all[at].End = op.Time
				closed[what] = at
				delete(open, what)
			} else if at, again := closed[what]; again && stopped(h, op) {
				all[at].End = op.Time // its completion
				delete(closed, what)
			}
		}
	}
	sorting.Stable(all, func(a, b FaultWindow) int { return cmp.Compare(a.Begin, b.Begin) })
	return all
}

// stopped reports whether an op of the nemesis follows another with the same F.
func stopped(h *history.History, op history.Op) bool {
	for i := op.Index - 1; i >= 0; i-- {
		if before := h.At(i); before.Process == history.Nemesis {
			a, _ := before.Output.(history.JepsenOp)
			b, _ := op.Output.(history.JepsenOp)
			return a.F == b.F
		}
	}
	return false
}

// A windowSearch finds the windows that a call overlaps.
type windowSearch struct {
	all  []FaultWindow
	ends []time.Duration // the latest end up to and including a window
}

func newWindowSearch(all []FaultWindow) *windowSearch {
	s := &windowSearch{all: all}
	last := time.Duration(math.MinInt64)
	for _, w := range all {
		last = max(last, w.End)
		s.ends = append(s.ends, last)
	}
	return s
}

// overlapping yields the indexes of the windows that a call overlaps. An indeterminate call
// lasts to the end of the history.
func (s *windowSearch) overlapping(c history.Call) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		end := c.Complete.Time
		n, _ := slices.BinarySearchFunc(s.all, end, func(w FaultWindow, t time.Duration) int {
			if w.Begin <= t {
				return -1
			}
			return 1
		})
		for i := n - 1; i >= 0 && s.ends[i] >= c.Invoke.Time; i-- {
			if s.all[i].End >= c.Invoke.Time && !yield(i) {
				return
			}
		}
	}
}
