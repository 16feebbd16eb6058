package trace

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// MostMessages is how many messages a [Recorder] keeps unless its [Window] says otherwise.
const MostMessages = 100_000

// A Window is the stretch of a run that is recorded. The zero value records nothing.
type Window struct {
	From, To time.Duration // of virtual time since the run began; nothing is recorded if To is 0
	Most     int           // how many messages are kept, half of them the first and half the last ones; default [MostMessages]
}

// On reports whether anything is to be recorded.
func (w Window) On() bool { return w.To > 0 }

// String formats the window as UnmarshalText reads it: "1.5s,2s". It is empty if nothing is recorded.
func (w Window) String() string {
	if !w.On() {
		return ""
	}
	return fmt.Sprintf("%v,%v", w.From, w.To)
}

// UnmarshalText reads what String wrote, and an empty text as a window that is off. The error says what is wrong.
func (w *Window) UnmarshalText(text []byte) error {
	*w = Window{}
	if len(text) == 0 {
		return nil
	}
	from, to, _ := strings.Cut(string(text), ",")
	var err error
	if w.From, err = time.ParseDuration(from); err == nil {
		w.To, err = time.ParseDuration(to)
	}
	if err != nil {
		return fmt.Errorf("window to record: %w", err)
	}
	if w.From < 0 || w.To <= w.From {
		return fmt.Errorf("window to record: from %v to %v", w.From, w.To)
	}
	return nil
}

// A Recorder records a [Trace]. What happens before its window is followed as far as needed to know what holds when it begins.
//
// A nil Recorder records nothing, and each of its methods is then one comparison. Recording draws nothing and takes no virtual
// time, so that it never changes a run. Nothing is described before [Recorder.Trace] is called, so the bodies of the messages of the
// window are kept until then. A Recorder is not safe for concurrent use: the cluster calls it under its lock.
type Recorder struct {
	window  Window
	last    uint64 // ID of the last message
	trace   Trace
	flying  map[uint64]*Sent // on their way
	kept    []*Sent          // of the window, in the order of their fates
	holds   map[holding]Event
	streams streams
	ended   bool

	// What is being handled: code that runs on that host at that instant does so because of it.
	host  string
	at    time.Duration
	cause uint64
}

// A holding is what is true of a host until an event of the same kind ends it.
type holding struct {
	host, peer string
	kind       Kind
}

// NewRecorder returns a recorder of a window, or nil if that is off.
func NewRecorder(w Window) *Recorder {
	if !w.On() {
		return nil
	}
	if w.Most <= 0 {
		w.Most = MostMessages
	}
	return &Recorder{window: w, trace: Trace{From: w.From, To: w.To}, flying: map[uint64]*Sent{}, holds: map[holding]Event{}}
}

// A Sent is a message whose fate is not known yet. A nil one is recorded nowhere.
type Sent struct {
	m    Message
	body any
	r    *Recorder
}

// Send notes that a host sends a message at an instant, which may leave later. Body is what describes it; for a part of a
// connection it is a [Segment]. The result is nil if the recorder is.
func (r *Recorder) Send(now time.Duration, from, to string, body any, reply bool) *Sent {
	if r == nil || r.ended {
		return nil
	}
	return &Sent{m: Message{From: from, To: to, Reply: reply, Cause: r.Cause(now, from)}, body: body, r: r}
}

// Leaves gives the message its ID: it leaves its host at that instant.
func (s *Sent) Leaves(at time.Duration) {
	if s == nil {
		return
	}
	s.r.last++
	s.m.ID, s.m.Sent = s.r.last, at
	s.r.flying[s.m.ID] = s
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
func (s *Sent) Arrives(at time.Duration, why Loss) {
	if s == nil {
		return
	}
	r := s.r
	if why == "" {
		r.Handle(at, s.m.To, s.m.ID)
	}
	if r.flying[s.m.ID] == nil || r.past(at) {
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

// Handle notes that a host begins to handle something because of a message; 0 if because of none.
func (r *Recorder) Handle(at time.Duration, host string, cause uint64) {
	if r != nil {
		r.at, r.host, r.cause = at, host, cause
	}
}

// Cause returns the message because of which code of a host runs at an instant; 0 if that is not known. No two hosts act at one
// instant, so goroutines that a message wakes run because of it as well.
func (r *Recorder) Cause(now time.Duration, host string) uint64 {
	if r == nil || r.at != now || r.host != host {
		return 0
	}
	return r.cause
}

// Event notes an event.
func (r *Recorder) Event(e Event) {
	if r == nil || r.past(e.At) {
		return
	}
	if e.At >= r.window.From {
		if n := len(r.trace.Events) - 1; e.Kind == Role && n >= 0 && r.trace.Events[n].At == e.At && r.trace.Events[n].Host == e.Host && r.trace.Events[n].Kind == Role {
			r.trace.Events[n] = e // the term and the role are set one after the other
			return
		}
		r.trace.Events = append(r.trace.Events, e)
		return
	}
	r.hold(e)
}

// hold keeps an event before the window for as long as it holds.
func (r *Recorder) hold(e Event) {
	k := holding{host: e.Host, peer: e.Peer, kind: e.Kind}
	switch e.Kind {
	case Crash:
		delete(r.holds, holding{host: e.Host, kind: Role})
	case Restart:
		delete(r.holds, holding{host: e.Host, kind: Crash})
		return
	case Resume:
		delete(r.holds, holding{host: e.Host, kind: Pause})
		return
	case Sync, Mark, Log:
		return
	case Link, Disk, Clock, Service:
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
	if r == nil || r.past(at) {
		return
	}
	if at >= r.window.From {
		r.trace.Events = append(r.trace.Events, Event{At: at, Kind: Healed})
		return
	}
	maps.DeleteFunc(r.holds, func(k holding, _ Event) bool { return k.kind != Role && k.kind != Crash })
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
	ids := slices.Sorted(maps.Keys(r.flying))
	for _, id := range ids {
		s := r.flying[id]
		s.m.At, s.m.Lost = max(r.window.To, s.m.Sent), Pending
		r.keep(s)
	}
	r.flying = nil
}

// Trace ends the recording, and returns what was recorded with the messages described, and the log lines among the events. It is called once.
// The result is nil if the recorder is.
func (r *Recorder) Trace(log []Event) *Trace {
	if r == nil {
		return nil
	}
	r.end()
	slices.SortFunc(r.kept, func(a, b *Sent) int { return cmp.Or(cmp.Compare(a.m.Sent, b.m.Sent), cmp.Compare(a.m.ID, b.m.ID)) })
	t := r.trace
	for _, s := range r.kept {
		r.describe(s)
		t.Messages = append(t.Messages, s.m)
	}
	t.Events = append(t.Events, log...)
	slices.SortStableFunc(t.Events, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	for _, e := range r.holds { // order: sorted below
		t.Standing = append(t.Standing, e)
	}
	slices.SortFunc(t.Standing, func(a, b Event) int {
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
	case Describer:
		s.m.Description = describe(body)
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
