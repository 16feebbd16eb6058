package guide

import (
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker/vacuity"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/engine"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/nemesis"
)

// A Signal says by what two runs are compared.
type Signal string

// The signals, from none to the dearest.
const (
	// None has each plan join the corpus, and the oldest leave it: plans are mutated at random.
	None Signal = "none"
	// Steps prefers plans of many steps. It looks at no run: what another signal is worth shows beside it.
	Steps Signal = "steps"
	// History is what the history and the counts of a run show: which faults followed each other, how calls ended during which of them, marks, elections,
	// effects. It costs nothing but the look at it.
	History Signal = "history"
	// Messages is [trace.Edges]: the kinds of messages by the roles of their sender and receiver.
	Messages Signal = "messages"
	// States is [trace.States]: the states of the cluster, as its nodes say of themselves.
	States Signal = "states"
)

// Signals lists the signals.
func Signals() []Signal { return []Signal{None, Steps, History, Messages, States} }

// Window returns what a run has to record for the signal.
func (s Signal) Window() trace.Window {
	switch s {
	case Messages:
		return trace.Window{Features: trace.Edges}
	case States:
		return trace.Window{Features: trace.States}
	}
	return trace.Window{}
}

// mostMoments is how many instants of interest are kept of a run.
const mostMoments = 64

// A Record is what is known of a run.
type Record struct {
	Plan     nemesis.Plan     // of the run
	History  *history.History //
	Began    time.Duration    // when the faults began
	Counts   map[string]int64 // of what happened, as elections, marks and effects of faults
	Messages *trace.Trace     // what was recorded for [Signal.Window]
	Failed   bool             // it is not valid
}

// Observe returns what a run did.
func (s Signal) Observe(r Record) Observation {
	o := Observation{Plan: r.Plan, Failed: r.Failed}
	h := look(r)
	o.Moments = h.moments
	if m := r.Messages; m != nil && s.Window().On() {
		o.Features = m.Features
		for _, e := range m.Events {
			o.Moments = append(o.Moments, e.At-h.began)
		}
	}
	if s == History {
		h.calls(r.History)
		for what, n := range r.Counts { // order: features are sorted
			h.note("count", what, log2(n))
		}
		o.Features = h.all()
	}
	slices.Sort(o.Moments)
	o.Moments = slices.DeleteFunc(slices.Compact(o.Moments), func(d time.Duration) bool { return d < 0 })
	if len(o.Moments) > mostMoments {
		o.Moments = o.Moments[:mostMoments]
	}
	return o
}

// A seen collects the features of a history.
type seen struct {
	began    time.Duration // when the faults began
	moments  []time.Duration
	events   []event // of the nemesis
	features map[uint64]struct{}
}

// An event is the begin or the end of a fault.
type event struct {
	at   time.Duration
	what string // "begin crash"
}

// gap is how long no call ends ok before the next one that does counts as the end of an outage.
const gap = 300 * time.Millisecond

// look notes which faults followed each other, and the instants of interest: when a fault began or ended, and when calls succeeded again.
func look(r Record) *seen {
	s := &seen{began: r.Began, features: map[uint64]struct{}{}}
	kinds := map[string]string{}
	for _, step := range r.Plan {
		kinds[engine.StepKey(step)] = nemesis.Kind(step.Fault)
	}
	words := map[history.Type]string{history.Invoke: "begin ", history.OK: "end ", history.Fail: "no ", history.Info: "info "}
	ok := s.began
	for op := range r.History.Ops() {
		switch {
		case op.Process == history.Nemesis:
			s.events = append(s.events, event{op.Time, words[op.Type] + kinds[op.Key]})
			s.moments = append(s.moments, op.Time-s.began)
		case op.Type == history.OK:
			if op.Time-ok > gap {
				s.moments = append(s.moments, op.Time-s.began)
				s.note("outage", "", log2(int64((op.Time-ok)/gap)))
			}
			ok = op.Time
		}
	}
	for i := range s.events {
		before := event{what: "start", at: s.began}
		if i > 0 {
			before = s.events[i-1]
		}
		s.note(before.what, s.events[i].what, log2(int64((s.events[i].at-before.at)/gap)))
	}
	return s
}

// note adds a feature.
func (s *seen) note(a, b string, n int64) {
	s.features[keyed.New(3, a, b).Int(n).Uint64()] = struct{}{}
}

// log2 returns a number to a power of two.
func log2(n int64) int64 { return int64(bits.Len64(uint64(max(0, n)))) }

// calls notes how calls ended, and which faults began or ended meanwhile, with how often to a power of two.
func (s *seen) calls(h *history.History) {
	type met struct{ what, call string }
	count := map[met]int64{}
	for c := range h.Calls() {
		call := strings.Join(vacuity.KindsOf(c.Invoke), "+") + " " + c.Complete.Type.String()
		count[met{"", call}]++
		first, _ := slices.BinarySearchFunc(s.events, c.Invoke.Time, func(e event, t time.Duration) int { return int(e.at - t) })
		for _, e := range s.events[first:] {
			if e.at > c.Complete.Time {
				break
			}
			count[met{e.what, call}]++
		}
	}
	for m, n := range count { // order: features are sorted
		s.note(m.what, m.call, log2(n))
	}
}

// all returns the features, sorted.
func (s *seen) all() []uint64 {
	var all []uint64
	for f := range s.features { // order: sorted below
		all = append(all, f)
	}
	slices.Sort(all)
	return all
}
