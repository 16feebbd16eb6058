// Package wholerun lays out the picture of a whole run: how long each call took, on a logarithmic axis, with the rate
// of calls below it and the faults behind it. It computes positions and titles; the template of the page draws them.
//
// The picture zooms without a script, since a report is often opened where scripts are forbidden, as from the
// artifacts of a CI server. Positions along time are percentages, so the picture can be stretched: the run is
// divided into stretches, each of them is a link to itself, and the style sheet widens the picture while a stretch
// is the target of the page's address. Calls of a long run are drawn as a density, once coarse for the whole
// run and once finer for the zoomed picture.
package wholerun

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/capsize-go/capsize/report/internal/wording"
)

// Measures of the picture and bounds of what is drawn.
const (
	Height      = 104    // pixels of the latencies
	Strip       = 24     // pixels of the rates; twice that without latencies
	gap         = 4      // pixels between them
	Units       = 10000  // of the path's coordinates along the run
	DensityFrom = 20_000 // answered calls from which on a density is drawn instead of dots
	LinesFrom   = 2_000  // answered calls from which on p50 and p99 are drawn
	maxMarks    = 500    // of calls of one outcome that were not answered
	slowest     = 20     // answered calls that have a title of their own, where there is a density
	stretches   = 16
	rateParts   = 128 // bars of the rates
	lineParts   = 64  // steps of a quantile's line
	lineCalls   = 200 // answered calls of a step, on the average and at least
	maxBands    = 80  // faults from which on bands are merged
)

// Forever is how long a call took that never returned.
const Forever = time.Duration(math.MaxInt64)

// An Outcome says what became of a call.
type Outcome uint8

// The outcomes, in the order in which they are shown.
const (
	OK Outcome = iota
	Info
	Fail
	outcomes
)

// String returns "ok", "info" or "fail".
func (o Outcome) String() string { return [...]string{"ok", "info", "fail"}[o] }

// A Call is one call of the run.
type Call struct {
	At, Took time.Duration // when it was invoked, and how long it took: Forever if it never returned
	Process  int
	Line     int32 // of its invocation in history.jsonl, from 1
	Outcome  Outcome
}

// A Fault was active for a while.
type Fault struct {
	From, To    time.Duration
	Name, Title string
}

// A Phase of the run begins at an instant.
type Phase struct {
	Name string
	At   time.Duration
}

// A Run is what the picture shows.
type Run struct {
	From, To time.Duration // the axis
	Ordered  bool          // times are positions in the history: there are no latencies
	Calls    []Call        // in the order of their invocations
	Faults   []Fault
	Phases   []Phase
	Shown    [2]time.Duration // what the top of the page shows; both zero if nothing
	Linked   map[int32]bool   // lines of the calls that the page lists, to which their marks lead
}

// A View has all positions of the picture. Those along time are percentages of its width, others are pixels.
type View struct {
	Label   string // for readers who don't see the picture
	Ordered bool
	Height  int    // pixels of the latencies
	RatesAt int    // pixels above the rates
	Whole   int    // pixels of both
	Decades []Line // of the axis of latencies
	Never   bool   // whether calls that never returned have a line of their own, at the top
	Bands   []Band
	Names   []Names
	Starts  []string // of phases
	Dots    string   // answered calls as a path of dots
	Far     []Shade  // or as a density
	Near    []Shade  // the same, finer, for the zoomed picture
	Median  string   // line of p50, if there is one
	P99     string
	Marks   []Mark
	Rates   []Bar
	High    string // the highest rate
	Parts   []Part
	Ticks   []Tick
	Frame   *Frame
	Notes   []string
}

// A Line is a line across the picture with its label.
type Line struct{ Y, Text string }

// A Band is the time of a fault.
type Band struct{ X, W, Title string }

// A Shade is the cells of one density, as a path of strokes that are one row wide.
type Shade struct {
	Level         int // from 1
	D             string
	Columns, Rows int
}

// A Mark is one call, or several whose marks would overlap.
type Mark struct{ X, Y, Kind, Title, Link string }

// A Bar is the part of a rate that one outcome has.
type Bar struct{ X, W, Y, H, Kind string }

// A Part is a stretch of the run to zoom into.
type Part struct{ ID, X, W, Title string }

// A Tick labels an instant. Its class says at which widths and zooms it is shown.
type Tick struct{ X, Class, Text string }

// A Frame is around what the top of the page shows.
type Frame struct {
	X, W, Title string
	Deep        bool // whether it is so narrow that it needs more zoom than a stretch
}

// New lays out the picture.
func New(r Run) View {
	l := newLayout(r)
	v := View{Label: l.label(), Ordered: r.Ordered, Bands: l.bands(), Names: l.names(), Starts: l.starts(), Frame: l.frame()}
	v.Rates, v.High = l.rates()
	if v.Height, v.RatesAt = Height, Height+gap; r.Ordered {
		v.Height, v.RatesAt = 0, 0
	}
	v.Whole = v.RatesAt + int(l.stripHeight())
	v.Parts = l.parts()
	v.Ticks = l.ticks(v.Frame)
	if !r.Ordered {
		v.Decades, v.Never = l.decades(), l.never
		l.drawAnswered(&v)
		v.Marks = append(v.Marks, l.marks()...)
	}
	if len(l.fewer) > 0 {
		v.Notes = append(v.Notes, "Marks that overlap are drawn once: "+strings.Join(l.fewer, ", ")+".")
	}
	if l.From != 0 {
		v.Notes = append(v.Notes, "0s is the first op, at "+l.From.String()+" of the history.")
	}
	return v
}

// A layout is the picture in the making.
type layout struct {
	Run
	axis
	n     [outcomes]int
	fewer []string // outcomes with fewer marks than calls
}

// newLayout counts the calls and finds the axes.
func newLayout(r Run) *layout {
	l := &layout{Run: r}
	l.To = max(r.To, r.From+1)
	l.axis = axis{from: l.From, to: l.To, ordered: r.Ordered}
	l.count()
	return l
}

// count counts the calls and finds the decades, in nanoseconds, that bound the latencies. Calls that take no time
// are drawn at the bottom and have no say.
func (l *layout) count() {
	shortest, longest := Forever, time.Duration(0)
	for _, c := range l.Calls {
		l.n[c.Outcome]++
		switch {
		case c.Took == Forever:
			l.never = true
		case c.Took > 0:
			shortest, longest = min(shortest, c.Took), max(longest, c.Took)
		}
	}
	if longest == 0 {
		shortest, longest = time.Millisecond, time.Second
	}
	l.low, l.high = int(math.Floor(math.Log10(float64(shortest)))), int(math.Ceil(math.Log10(float64(longest))))
	if l.low == l.high {
		l.low = max(l.low-1, 0)
	}
	l.low = max(l.low, l.high-12)
	l.high = max(l.high, l.low+2)
}

// label describes the picture in words.
func (l *layout) label() string {
	s := fmt.Sprintf("The whole run of %s: %s, %s ok, %s info, %s fail", l.length(), wording.Plural(len(l.Calls), "call"),
		wording.Count(l.n[OK]), wording.Count(l.n[Info]), wording.Count(l.n[Fail]))
	return s + "; " + wording.Plural(len(l.Faults), "fault") + "."
}

// decimal formats a number with at most that number of digits after the point.
func decimal(f float64, digits int) string {
	scale := math.Pow10(digits)
	f = math.Round(f*scale) / scale
	if f == 0 || math.IsNaN(f) || math.IsInf(f, 0) {
		return "0"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
