package linearizable

import (
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/checker/internal/zones"
	"github.com/capsize-go/capsize/model"
)

// A search decides whether calls on an object are linearizable, and explains why not.
type search struct {
	view.View
	memory int           // bytes for searches; 0 for the default
	meter  *budget.Meter // bounds the work; nil for none
	short  *budget.Meter // bounds the work of making a short counter-example of a long one
}

// with returns the search over another view of the same calls.
func (s search) with(of view.View) search {
	s.View = of
	return s
}

// together returns the search that knows what calls on a key tell together, or why they contradict each other.
func (s search) together(spans []view.Span) (search, *zones.Conflict) {
	of, clash := s.View.Together(spans)
	if clash == nil {
		return s.with(of), nil
	}
	c := &zones.Conflict{Thin: model.None, Clash: true}
	for _, i := range clash {
		c.Ops = append(c.Ops, int32(i))
	}
	return s.with(of), c
}

// A decision is what is known of calls, and how.
type decision struct {
	ok    bool
	err   error           // why it is not known
	zones *zones.Conflict // the zones that contradict each other, if that was how
	found model.Decision  // what an algorithm for the object found, if that was how
	at    int             // instant of the return that no order reaches, if a search was how
}

// decide judges calls that have nothing to do with others. It returns the search
// with what the model could tell of them together.
func (s search) decide(spans []view.Span) (search, decision) {
	s, c := s.together(spans)
	if c != nil {
		return s, decision{zones: c}
	}
	once := s.with(s.Read(spans))
	if d, ok := once.quick(spans); ok {
		return s, d
	}
	return s, once.order(spans)
}

// quick decides without a search, if that is possible.
func (s search) quick(spans []view.Span) (decision, bool) {
	if c, ok := zones.Of(s.View, spans, false); ok {
		return decision{ok: c == nil, zones: c}, true
	}
	if s.Decide != nil {
		if f := s.Decide(view.Calls{H: s.H, Spans: spans}); f.Decided {
			return decision{ok: f.Conflict == nil, found: f}, true
		}
	}
	return decision{}, false
}

// apart returns the calls on a key, those that have nothing to do with each other
// apart.
func (s search) apart(spans []view.Span) [][]view.Span {
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
		if !sp.Known && s.IsMoot(sp) {
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

// A try is a search that goes deep within so many steps for each call, and at least so
// many: it finds what is not far.
type try struct {
	eager       bool
	each, least int
}

var tries = []try{{true, 8, 4_000}, {false, 8, 4_000}, {true, 128, 20_000}, {false, 128, 20_000}}

// widths are how many configurations are then followed at a time.
var widths = []int{1, 8, 64, 512}

// order decides whether calls are linearizable, by looking for an order of them. It goes
// deep for a while. Then it follows few configurations at a time: if one comes to the end,
// that is an order, and if all end though none was left out, there is none. At last
// the two ways of searching take turns, each with half the memory.
func (s search) order(spans []view.Span) decision {
	s.memory = s.budget() / 2
	f := s.frontier(spans)
	for _, t := range tries {
		d := f.dive(t.each*len(spans) + t.least)
		if d.eager = t.eager; d.eager && len(d.classes) == 0 {
			continue // the same as if it were not
		}
		if got := d.run(); got.err == nil {
			return got
		}
	}
	for _, width := range widths {
		f = f.again(width)
		if got := f.run(); got.err == nil && (got.ok || !f.dropped) {
			return got
		}
	}
	return race(f.meter, func(m *budget.Meter) decision {
		return s.metered(m).frontier(spans).run()
	}, func(m *budget.Meter) decision {
		deep := s.metered(m).frontier(spans).dive(0)
		deep.eager = true
		return deep.run()
	})
}

// metered returns the search with another bound on work.
func (s search) metered(m *budget.Meter) search {
	s.meter = m
	return s
}

// budget returns how many bytes a search may hold.
func (s search) budget() int {
	if s.memory == 0 {
		return budget.DefaultMemory
	}
	return s.memory
}

// frontier prepares a search through calls.
func (s search) frontier(spans []view.Span) *frontier {
	if s.meter == nil {
		s.meter = budget.Unlimited()
	}
	f := s.stepped(spans)
	f.memory, f.meter = s.budget(), s.meter
	return f
}

func (s search) stepped(spans []view.Span) *frontier {
	if s.Accessible() {
		if ops, values, ok := s.Numbered(spans); ok {
			all, m := numberAccesses(ops, values)
			return newFrontier(all, len(m.kinds), m)
		}
	}
	all, m := s.number(s.settle(spans))
	return newFrontier(all, len(m.quiet), m)
}

// settle leaves out the calls of unknown outcome that could have changed nothing:
// they may as well not have happened.
func (s search) settle(spans []view.Span) []view.Span {
	kept := make([]view.Span, 0, len(spans))
	for _, sp := range spans {
		if sp.Known || !s.idle(sp) {
			kept = append(kept, sp)
		}
	}
	return kept
}

// idle reports whether a call of unknown outcome changes nothing, if it happened.
func (s search) idle(sp view.Span) bool {
	if s.IsMoot(sp) {
		return true
	}
	if !s.Register {
		return false
	}
	writes, ok := s.Puts(sp)
	return ok && !writes
}
