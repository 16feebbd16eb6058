// Package tracer records what happens on the network and on the hosts of a cluster, as package trace has it.
package tracer

import (
	"cmp"
	"fmt"
	"maps"
	"time"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A Recorder records a [trace.Trace]. What happens before its window is followed as far as needed to know what holds when it begins.
//
// A nil Recorder records nothing: Handle, Event, Restored and Trace, and all methods of a nil [Sent], are then one comparison. Recording draws nothing and takes no virtual
// time, so that it never changes a run. Nothing is described before [Recorder.Trace] is called, so the bodies of the messages of the
// window are kept until then. A Recorder is not safe for concurrent use: the cluster calls it under its lock.
type Recorder struct {
	window  trace.Window
	last    uint64 // ID of the last message
	trace   trace.Trace
	flying  map[uint64]*Sent // on their way
	kept    []*Sent          // of the window, in the order of their fates
	holds   map[holding]trace.Event
	streams streams
	ended   bool

	features *features // are recorded in place of all else, unless it is nil

	// What is being handled: code that runs on that host at that instant does so because of it.
	host  string
	at    time.Duration
	cause uint64
}

// A holding is what is true of a host until an event of the same kind ends it.
type holding struct {
	host, peer string
	kind       trace.Kind
}

// New returns a recorder of a window, or nil if that is off.
func New(w trace.Window) *Recorder {
	if !w.On() {
		return nil
	}
	if w.Most <= 0 {
		w.Most = trace.MostMessages
	}
	r := &Recorder{window: w, trace: trace.Trace{From: w.From, To: w.To}, flying: map[uint64]*Sent{}, holds: map[holding]trace.Event{}}
	if w.Features != 0 {
		r.features = newFeatures(w.Features)
	}
	return r
}

// A Sent is a message whose fate is not known yet. A nil one is recorded nowhere. Recorders know it from [Recorder.Send] on.
type Sent struct {
	m       trace.Message
	body    any
	request any // that it answers
	r       *Recorder
}

// Message returns a message with a body that describes it.
func Message(body any) *Sent { return &Sent{body: body} }

// Reply returns the answer to a request.
func Reply(body, request any) *Sent {
	return &Sent{m: trace.Message{Reply: true}, body: body, request: request}
}

// Part returns a part of a connection.
func Part(g Segment) *Sent { return &Sent{body: g} }

// Datagram returns a datagram of some bytes.
func Datagram(bytes int) *Sent { return &Sent{body: Segment{Bytes: bytes}} }

// Send notes that a host sends a message at an instant; it may leave later. For one that was sent before it does nothing.
func (r *Recorder) Send(now time.Duration, s *Sent, from, to string) {
	if s.r == nil {
		s.r, s.m.From, s.m.To, s.m.Cause = r, from, to, r.Cause(now, from)
		r.features.sent(s)
	}
}

// Leaves gives the message its ID: it leaves its host at that instant.
func (s *Sent) Leaves(at time.Duration) {
	if s != nil {
		s.leaves(at)
	}
}

func (s *Sent) leaves(at time.Duration) {
	s.r.last++
	s.m.ID, s.m.Sent = s.r.last, at
	if !s.r.ended && s.r.features == nil {
		s.r.flying[s.m.ID] = s
	}
}

// Copy returns a second copy of the message, which a fault makes.
func (s *Sent) Copy(fault string) *Sent {
	if s == nil {
		return nil
	}
	twin := *s
	twin.m.Fault = fault
	twin.Leaves(s.m.Sent)
	return &twin
}

// By says which fault loses, delays or damages the message.
func (s *Sent) By(fault string) {
	if s != nil {
		s.m.Fault = fault
	}
}

// Arrives ends the message at an instant: it is delivered, or lost for a reason.
func (s *Sent) Arrives(at time.Duration, why trace.Loss) {
	if s == nil {
		return
	}
	r := s.r
	if why == "" {
		r.Handle(at, s.m.To, s.m.ID)
	}
	if r.features != nil {
		r.features.arrived(s, why)
		return
	}
	if r.past(at) {
		return
	}
	delete(r.flying, s.m.ID)
	s.m.At, s.m.Lost = at, why
	r.keep(s)
}

// keep keeps a message whose fate is known, if it belongs to the window.
func (r *Recorder) keep(s *Sent) {
	switch {
	case s.m.At < r.window.From || s.m.Sent > r.window.To:
		if g, ok := s.body.(Segment); ok {
			r.streams.pass(g)
		}
	case len(r.kept) < r.window.Most:
		r.kept = append(r.kept, s)
	default: // the later half goes round
		first := r.window.Most / 2
		r.kept[first+r.trace.Dropped%(r.window.Most-first)] = s
		r.trace.Dropped++
	}
}

// Wakes is the cause of a timer for which a goroutine waits: that goes on for reasons of its own.
const Wakes = ^uint64(0)

// Handle notes that a host begins to handle something because of a message; 0 if because of none.
func (r *Recorder) Handle(at time.Duration, host string, cause uint64) {
	if r != nil {
		r.at, r.host, r.cause = at, host, cause
	}
}

// Cause returns the message because of which code of a host runs at an instant; 0 if that is not known. No two hosts act at one
// instant, so goroutines that a message wakes run because of it as well.
func (r *Recorder) Cause(now time.Duration, host string) uint64 {
	if r.at != now || r.host != host || r.cause == Wakes {
		return 0
	}
	return r.cause
}

// Inherit returns the cause of a timer of a host that is set now, and had a cause before: what the host handles now, if it is a handler or a timer that sets it.
// One that sets itself again is a clock, and nothing's effect. Pending is whether it was due already.
func (r *Recorder) Inherit(now time.Duration, host string, before uint64, pending bool) uint64 {
	cause := r.Cause(now, host)
	switch {
	case before == Wakes:
		return Wakes
	case !pending && cause == before:
		return 0
	}
	return cause
}

// Event notes an event.
func (r *Recorder) Event(e trace.Event) {
	if r != nil && r.features != nil && r.features.event(e) {
		r.trace.Events = append(r.trace.Events, e)
	}
	if r == nil || r.features != nil || r.past(e.At) {
		return
	}
	if e.At >= r.window.From {
		if n := len(r.trace.Events) - 1; e.Kind == trace.Role && n >= 0 && r.trace.Events[n].At == e.At && r.trace.Events[n].Host == e.Host && r.trace.Events[n].Kind == trace.Role {
			r.trace.Events[n] = e // the term and the role are set one after the other
			return
		}
		r.trace.Events = append(r.trace.Events, e)
		return
	}
	r.hold(e)
}

// hold keeps an event before the window for as long as it holds.
func (r *Recorder) hold(e trace.Event) {
	k := holding{host: e.Host, peer: e.Peer, kind: e.Kind}
	switch e.Kind {
	case trace.Crash:
		delete(r.holds, holding{host: e.Host, kind: trace.Role})
	case trace.Restart:
		delete(r.holds, holding{host: e.Host, kind: trace.Crash})
		return
	case trace.Resume:
		delete(r.holds, holding{host: e.Host, kind: trace.Pause})
		return
	case trace.Sync, trace.Mark, trace.Log:
		return
	case trace.Link, trace.Disk, trace.Clock, trace.Service:
		k.peer += "\x00" + e.Fault + "\x00" + e.Text
		if e.Ends {
			delete(r.holds, k)
			return
		}
		if e.Once {
			return
		}
	}
	r.holds[k] = e
}

// Restored notes that all faults were healed at once.
func (r *Recorder) Restored(at time.Duration) {
	if r == nil || r.features != nil || r.past(at) {
		return
	}
	if at >= r.window.From {
		r.trace.Events = append(r.trace.Events, trace.Event{At: at, Kind: trace.Healed})
		return
	}
	maps.DeleteFunc(r.holds, func(k holding, _ trace.Event) bool { return k.kind != trace.Role && k.kind != trace.Crash })
}

// past reports whether the window is over, and ends the recording then.
func (r *Recorder) past(at time.Duration) bool {
	if at > r.window.To {
		r.end()
	}
	return r.ended
}

// end ends the recording: what is on its way stays so.
func (r *Recorder) end() {
	if r.ended {
		return
	}
	r.ended = true
	for _, id := range sorting.Keys(r.flying) {
		s := r.flying[id]
		s.m.At, s.m.Lost = max(r.window.To, s.m.Sent), trace.Pending
		r.keep(s)
	}
	r.flying = nil
}

// Trace ends the recording, and returns what was recorded with the messages described, and the log lines among the events. It is called once.
// The result is nil if the recorder is.
func (r *Recorder) Trace(log []trace.Event) *trace.Trace {
	if r == nil {
		return nil
	}
	r.end()
	sorting.Func(r.kept, func(a, b *Sent) int { return cmp.Or(cmp.Compare(a.m.Sent, b.m.Sent), cmp.Compare(a.m.ID, b.m.ID)) })
	t := r.trace
	t.Features = r.features.all()
	for _, s := range r.kept {
		r.describe(s)
		t.Messages = append(t.Messages, s.m)
	}
	t.Events = append(t.Events, log...)
	sorting.Stable(t.Events, func(a, b trace.Event) int { return cmp.Compare(a.At, b.At) })
	for _, e := range r.holds { // order: sorted below
		t.Standing = append(t.Standing, e)
	}
	sorting.Func(t.Standing, func(a, b trace.Event) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Peer, b.Peer), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Text, b.Text))
	})
	return &t
}

// describe fills in what the message says of itself.
func (r *Recorder) describe(s *Sent) {
	switch body := s.body.(type) {
	case Segment:
		s.m.Bytes = body.Bytes
		s.m.Protocol, s.m.Description = r.streams.describe(body)
	case trace.AnswerDescriber:
		s.m.Description = described(body, func() trace.Description { return body.DescribeAnswer(s.request) })
	case trace.Describer:
		s.m.Description = described(body, body.Describe)
	case []byte:
		s.m.Bytes, s.m.Text = len(body), fmt.Sprintf("%d bytes", len(body))
	case string:
		s.m.Text = body
	default:
		s.m.Name = typeName(body)
		if x, ok := body.(fmt.Stringer); ok {
			s.m.Text = oneLine(x)
		}
	}
}
