package linearizable

import (
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/checker/internal/zones"
	"github.com/capsize-go/capsize/model"
)

// A search decides whether calls on an object are linearizable. An [explanation] says why not.
type search struct {
	view.View
	memory int           // bytes for searches; 0 for the default
	meter  *budget.Meter // bounds the work; nil for none
}

// with returns the search over another view of the same calls.
func (s search) with(of view.View) search {
	s.View = of
	return s
}

// infer returns the search with accesses that follow from all calls on a key together, or the calls that contradict each other.
func (s search) infer(spans []view.Span) (search, *zones.Conflict) {
	of, clash := s.View.Infer(spans)
	if clash == nil {
		return s.with(of), nil
	}
	c := &zones.Conflict{ThinAir: model.None, Minimal: true}
	for _, i := range clash {
		c.Ops = append(c.Ops, int32(i))
	}
	return s.with(of), c
}

// A decision is whether calls are linearizable, and what shows it.
type decision struct {
	ok      bool
	err     error           // why it is undecided
	zones   *zones.Conflict // the zones that contradict each other, if zones decided
	byModel model.Decision  // what the model's decision procedure found, if that decided
	at      int             // instant of the return that no linearization reaches, if a search decided
}

// decide judges calls that are independent of others. It returns the search
// with what the model inferred of them.
func (s search) decide(spans []view.Span) (search, decision) {
	s, c := s.infer(spans)
	if c != nil {
		return s, decision{zones: c}
	}
	once := s.with(s.Read(spans))
	if d, ok := once.decideDirectly(spans); ok {
		return s, d
	}
	return s, once.searchOrder(spans)
}

// decideDirectly decides by zones or by the model's decision procedure, without a search. It returns false if neither can.
func (s search) decideDirectly(spans []view.Span) (decision, bool) {
	if c, ok := zones.Of(s.View, spans, false); ok {
		return decision{ok: c == nil, zones: c}, true
	}
	if s.Decide != nil {
		if f := s.Decide(view.Calls{H: s.H, Spans: spans}); f.Decided {
			return decision{ok: f.Conflict == nil, byModel: f}, true
		}
	}
	return decision{}, false
}

// subpartition splits the calls on a key into parts that are independent of each other (P-compositionality),
// if the model has subkeys.
func (s search) subpartition(spans []view.Span) [][]view.Span {
	if s.Subkey == nil {
		return [][]view.Span{spans}
	}
	label := s.Subkey(view.Calls{H: s.H, Spans: spans})
	if label == nil {
		return [][]view.Span{spans}
	}
	var all [][]view.Span
	at := map[int]int{}
	for i, sp := range spans {
		if !sp.Known && s.HasNoEffect(sp) {
			continue
		}
		l := label(i)
		n, ok := at[l]
		if !ok {
			n = len(all)
			at[l] = n
			all = append(all, nil)
		}
		all[n] = append(all[n], sp)
	}
	return all
}

// A dfsAttempt is a depth-first search of few steps: some for each call, and some more. It finds what is near.
type dfsAttempt struct {
	eager         bool
	perCall, base int
}

var dfsAttempts = []dfsAttempt{{true, 8, 4_000}, {false, 8, 4_000}, {true, 128, 20_000}, {false, 128, 20_000}}

// widths are the bounds of the just-in-time searches that follow.
var widths = []int{1, 8, 64, 512}

// searchOrder decides whether calls are linearizable by search. It begins with short depth-first searches. Then it
// follows few configurations at a time: if one reaches the end, that is a linearization; if
// none does and none was dropped, there is none. In the end
// both searches take turns without such bounds, each with half the memory.
func (s search) searchOrder(spans []view.Span) decision {
	s.memory = s.memoryLimit() / 2
	f := s.frontier(spans)
	for _, t := range dfsAttempts {
		d := f.dfs(t.perCall*len(spans) + t.base)
		if d.eager = t.eager; d.eager && len(d.classes) == 0 {
			continue // eager or not is the same without indeterminate calls
		}
		if got := d.run(); got.err == nil {
			return got
		}
	}
	for _, width := range widths {
		f = f.withWidth(width)
		if got := f.run(); got.err == nil && (got.ok || !f.incomplete) {
			return got
		}
	}
	return race(f.meter, func(m *budget.Meter) decision {
		return s.withMeter(m).frontier(spans).run()
	}, func(m *budget.Meter) decision {
		deep := s.withMeter(m).frontier(spans).dfs(0)
		deep.eager = true
		return deep.run()
	})
}

// withMeter returns the search with another bound on its steps.
func (s search) withMeter(m *budget.Meter) search {
	s.meter = m
	return s
}

// memoryLimit returns how many bytes a search may hold.
func (s search) memoryLimit() int {
	if s.memory == 0 {
		return budget.DefaultMemory
	}
	return s.memory
}

// frontier returns a just-in-time search through calls.
func (s search) frontier(spans []view.Span) *frontier {
	if s.meter == nil {
		s.meter = budget.Unlimited()
	}
	f := s.newFrontier(spans)
	f.memory, f.meter = s.memoryLimit(), s.meter
	return f
}

// newFrontier numbers the calls: by accesses where the object is a register, else by what the model's Step does.
func (s search) newFrontier(spans []view.Span) *frontier {
	if s.Accessible() {
		if ops, values, ok := s.Numbered(spans); ok {
			all, m := numberAccesses(ops, values)
			return newFrontier(all, len(m.accesses), m)
		}
	}
	all, m := s.number(s.dropNoEffect(spans))
	return newFrontier(all, len(m.pureClass), m)
}

// dropNoEffect drops the indeterminate calls that change nothing, whether they happened or not.
func (s search) dropNoEffect(spans []view.Span) []view.Span {
	kept := make([]view.Span, 0, len(spans))
	for _, sp := range spans {
		if sp.Known || !s.noEffect(sp) {
			kept = append(kept, sp)
		}
	}
	return kept
}

// noEffect reports whether an indeterminate call changes nothing, even if it happened.
func (s search) noEffect(sp view.Span) bool {
	if s.HasNoEffect(sp) {
		return true
	}
	if !s.Register {
		return false
	}
	writes, ok := s.Puts(sp)
	return ok && !writes
}
