// Package sequence draws the messages of a trace as a diagram: hosts and processes from top to bottom, time from left to
// right. Time in which nothing matters is left out, and all that is shown has one scale.
//
// No arrow runs back in time, no label covers another, and nothing in the picture needs a script: what a reader may want
// to hide has a class, and [Diagram.Filters] names these.
package sequence

import (
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report/internal/account"
)

// MaxArrows is how many messages a diagram shows at most.
const MaxArrows = 300

// A Scene is what a diagram shows.
type Scene struct {
	Trace   *trace.Trace
	Calls   []Call // of the counterexample
	Steps   []account.Step
	Faults  []account.Fault
	History *history.History // says which hosts are nodes
	Clients int              // of the cluster, as in [account.Case]
	Width   float64          // in pixels; default 1006
	Height  float64          // at most, as far as the lanes stay legible; default 424
}

// A Call is a call of the counterexample.
type Call struct {
	history.Call
	Label  string // "read → 23"
	Blamed bool   // no order explains it
}

// A Diagram is a picture with what a page must say around it.
type Diagram struct {
	SVG      string   // the element, without a style
	Label    string   // what it shows, in a sentence
	Filters  []Filter // what may be hidden
	From, To time.Duration
	Drawn    int // messages
	Left     int // messages of the stretches that are shown, and that found no room
}

// A Filter names a kind of message by the class that its arrows have.
type Filter struct {
	Class string // "k0"
	Name  string // "append"
	Count int
	Off   bool // hidden unless the reader asks for it
}

// Draw draws a diagram. It returns false if the trace has no message that the account is about.
func Draw(s Scene) (Diagram, bool) {
	if s.Trace == nil || len(s.Trace.Messages) == 0 {
		return Diagram{}, false
	}
	if s.Width <= 0 {
		s.Width = 1006
	}
	if s.Height <= 0 {
		s.Height = 424
	}
	d := &drawing{Scene: s, hot: map[uint64]heat{}}
	d.heat()
	d.axis = newAxis(d.instants(), d.callLengths(), d.delay(), s.Width)
	if len(d.axis.stretches) == 0 {
		return Diagram{}, false
	}
	d.choose()
	if !slices.ContainsFunc(d.arrows, func(a arrow) bool { return a.heat > pale }) {
		return Diagram{}, false
	}
	d.arrange()
	d.draw()
	return d.diagram(), true
}

// heat says how much a message matters.
type heat int

const (
	pale     heat = iota
	hot           // it is part of how the anomaly came about
	decisive      // it belongs to the decisive step
)

// A drawing is a diagram in the making. It has many methods because each part of the picture must know where the others are.
type drawing struct {
	Scene
	canvas
	labels
	axis   axis
	hot    map[uint64]heat
	arrows []arrow
	lanes  []lane
	left   int // messages that are left out
	kinds  []Filter
	bottom float64 // of the lanes
	walls  map[int]wall
}

// heat finds the messages that the account is about.
func (d *drawing) heat() {
	for _, s := range d.Steps {
		h := hot
		if s.Decisive {
			h = decisive
		}
		for _, id := range s.Messages {
			d.hot[id] = max(d.hot[id], h)
		}
	}
}

// instants returns the times that the diagram must show: where the steps of the account are, and where calls begin and end.
func (d *drawing) instants() []time.Duration {
	var all []time.Duration
	for _, s := range d.Steps {
		if s.From != 0 || s.To != 0 {
			all = append(all, s.From, s.To)
		}
		for _, m := range s.Marks {
			all = append(all, m.At)
		}
	}
	for _, m := range d.Trace.Messages {
		if d.hot[m.ID] > pale {
			all = append(all, m.Sent, m.At)
		}
	}
	for _, c := range d.Calls {
		all = append(all, c.Invoke.Time)
		if c.Complete.Type != history.Info {
			all = append(all, c.Complete.Time)
		}
	}
	all = slices.DeleteFunc(all, func(t time.Duration) bool { return t < d.Trace.From || t > d.Trace.To })
	slices.Sort(all)
	return slices.Compact(all)
}

// callLengths returns how long the calls took, from the beginning to the end of each.
func (d *drawing) callLengths() []span {
	var all []span
	for _, c := range d.Calls {
		if c.Complete.Type != history.Info {
			all = append(all, span{c.Invoke.Time, c.Complete.Time})
		}
	}
	return all
}

// delay returns how long half of the messages take at most.
func (d *drawing) delay() time.Duration {
	var all []time.Duration
	for _, m := range d.Trace.Messages {
		if m.Lost == "" {
			all = append(all, m.At-m.Sent)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func (d *drawing) diagram() Diagram {
	out := Diagram{Label: d.describe(), Filters: d.kinds, Drawn: len(d.arrows), Left: d.left}
	first, last := d.axis.stretches[0], d.axis.stretches[len(d.axis.stretches)-1]
	out.From, out.To = first.from, last.to
	out.SVG = d.markup("messages", out.Label)
	return out
}

// describe says what the picture shows, for readers who do not see it.
func (d *drawing) describe() string {
	var names []string
	for _, l := range d.lanes {
		names = append(names, l.title())
	}
	text := "Messages between " + strings.Join(names, ", ") + "."
	for _, s := range d.Steps {
		text += " " + s.String()
	}
	return text
}
