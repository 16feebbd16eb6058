package account

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A scene is a case with what all kinds of finding ask of it. It has many methods because every kind asks the same case.
type scene struct {
	Case
	calls    []call // of the counterexample, in the order of their invocations
	blamed   int    // index in calls of the call that no order explains; -1 if none stands out
	from, to time.Duration
	nodes    []string // hosts of the trace that are no clients
	reigns   []Reign
	said     map[string]bool // what a step has said already
	copies   bool            // nodes are a database and caches, not replicas
}

// A call of the counterexample, with what the trace knows of it.
type call struct {
	history.Call
	client   string // the host of its client in the trace; empty if there is none
	wrote    []trace.Item
	saw      []string // the values that it was answered
	requests []trace.Message
	reply    *trace.Message // the answer that ended it
}

// newScene finds the calls of the counterexample in the trace.
func newScene(c Case) *scene {
	if c.History == nil {
		c.History = new(history.History)
	}
	s := &scene{Case: c, blamed: -1, said: map[string]bool{}}
	if c.Trace == nil {
		s.Trace = new(trace.Trace)
	}
	s.nodes = Nodes(s.Trace, s.History)
	s.reigns = Reigns(s.Trace)
	if c.Why == nil {
		return s
	}
	var blamed *history.Call
	if i := c.Why.Blamed; i >= 0 && i < len(c.Why.Calls) {
		blamed = &c.Why.Calls[i]
	}
	for _, h := range c.Why.Calls {
		s.calls = append(s.calls, s.traced(h))
	}
	sorting.Stable(s.calls, func(a, b call) int { return cmp.Compare(a.Invoke.Time, b.Invoke.Time) })
	for i, h := range s.calls {
		if i == 0 || h.Invoke.Time < s.from {
			s.from = h.Invoke.Time
		}
		s.to = max(s.to, h.Invoke.Time)
		if h.Complete.Type != history.Info {
			s.to = max(s.to, h.Complete.Time)
		}
		if blamed != nil && h.Invoke.Index == blamed.Invoke.Index && h.Invoke.Process == blamed.Invoke.Process {
			s.blamed = i
		}
	}
	return s
}

// ended returns when a call was certainly over, and at the latest the end of the counterexample.
func (s *scene) ended(c call) time.Duration {
	if c.Complete.Type == history.Info {
		return max(s.to, c.Invoke.Time)
	}
	return c.Complete.Time
}

var clientName = regexp.MustCompile(`^c\d+$`)

// Nodes returns the hosts of a trace that are no clients, sorted. Clients are the hosts c0, c1, … that no call of the
// history is bound to.
func Nodes(t *trace.Trace, h *history.History) []string {
	bound := map[string]bool{}
	if h != nil {
		for i := range min(h.Len(), 10_000) {
			bound[h.At(i).Node] = true
		}
	}
	seen := map[string]bool{}
	for _, m := range t.Messages {
		seen[m.From], seen[m.To] = true, true
	}
	for _, e := range append(slices.Clone(t.Standing), t.Events...) {
		seen[e.Host] = true
	}
	var all []string
	for _, h := range sorting.Keys(seen) {
		if h != "" && (bound[h] || !clientName.MatchString(h)) {
			all = append(all, h)
		}
	}
	return all
}

// ClientOf returns the host of the client that made a call: client i of n has the processes i, i + n, i + 2n and so on. It is
// empty if n is not known.
func ClientOf(c history.Call, clients int) string {
	if clients <= 0 || c.Invoke.Process < 0 {
		return ""
	}
	return fmt.Sprint("c", c.Invoke.Process%clients)
}

// traced finds the messages between the client of a call and the nodes.
func (s *scene) traced(h history.Call) call {
	c := call{Call: h, wrote: written(h), saw: seen(h)}
	client := ClientOf(h, s.Clients)
	end := h.Complete.Time
	if client == "" || slices.Contains(s.nodes, client) {
		return c
	}
	for _, m := range s.Trace.Messages {
		if m.Sent > end || m.Sent < h.Invoke.Time {
			continue
		}
		switch {
		case m.From == client && s.about(m, c):
			c.client, c.requests = client, append(c.requests, m)
		case m.To == client && m.Lost == "" && m.At <= end && c.client != "" && (c.reply == nil || m.At >= c.reply.At):
			c.reply = &m
		}
	}
	if h.Complete.Type == history.Info {
		c.reply = nil
	}
	return c
}

// about reports whether a message of a client belongs to a call: it carries what the call writes, or asks for what it
// reads. A message without a description may belong to any call.
func (s *scene) about(m trace.Message, c call) bool {
	if len(m.Carries)+len(m.Asks) == 0 {
		return true
	}
	for _, w := range c.wrote {
		if slices.Contains(m.Carries, w) {
			return true
		}
	}
	return slices.ContainsFunc(m.Asks, func(i trace.Item) bool { return i.Key == c.Invoke.Key }) ||
		slices.ContainsFunc(m.Carries, func(i trace.Item) bool { return i.Key == c.Invoke.Key && i.Value == "" })
}

// server returns the node that answered a call, or that it was sent to: by the trace, or else by the history.
func (s *scene) server(c call) string {
	switch {
	case c.reply != nil:
		return c.reply.From
	case len(c.requests) > 0:
		return c.requests[0].To
	}
	return c.Invoke.Node
}

// A holding says that a node has a write from an instant on.
type holding struct {
	Node    string
	At      time.Duration
	Message trace.Message
}

// holders returns the nodes that received a write until an instant, in the order in which they did, each once.
func (s *scene) holders(item trace.Item, from, until time.Duration) []holding {
	var all []holding
	for _, m := range s.Trace.Messages {
		if m.Lost != "" || m.Sent < from || m.At > until || !slices.Contains(m.Carries, item) || !slices.Contains(s.nodes, m.To) {
			continue
		}
		all = append(all, holding{m.To, m.At, m})
	}
	sorting.Stable(all, func(a, b holding) int { return cmp.Compare(a.At, b.At) })
	var first []holding
	for _, h := range all {
		if !slices.ContainsFunc(first, func(o holding) bool { return o.Node == h.Node }) {
			first = append(first, h)
		}
	}
	return first
}

// majority is how many nodes are more than half.
func (s *scene) majority() int { return max(s.Nodes, len(s.nodes))/2 + 1 }

// writer returns the last call of the counterexample that wrote a value before an instant.
func (s *scene) writer(value string, before time.Duration) (c call, ok bool) {
	for _, w := range s.calls {
		if w.Invoke.Time <= before && slices.ContainsFunc(w.wrote, func(i trace.Item) bool { return i.Value == value }) {
			c, ok = w, true
		}
	}
	return c, ok
}

// faultsIn returns the faults that were active between two instants; none of a history without times.
func (s *scene) faultsIn(from, to time.Duration) []Fault {
	var some []Fault
	if s.Ordered {
		return nil // their times are unknown
	}
	for _, f := range s.Faults {
		if f.From <= to && f.To >= from {
			some = append(some, f)
		}
	}
	return some
}

// once reports whether something is said for the first time.
func (s *scene) once(what ...string) bool {
	key := strings.Join(what, "\x00")
	first := !s.said[key]
	s.said[key] = true
	return first
}
