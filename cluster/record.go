package cluster

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/tracer"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/detrt"
)

// Here is what a recorder of package tracer is given. It is nil unless Config.Record is on, and then nothing below does
// anything. What it reads, as the time, is no point of a schedule: a run that is recorded is the same run.

// losses are the reasons of a trace.
var losses = [...]trace.Loss{arrived: "", lostToCut: trace.Cut, lostToChance: trace.Chance, lostToCrash: trace.Down}

// recordSend notes that the event is sent. One that a pause delays comes twice.
func (c *Cluster) recordSend(e *event) {
	switch {
	case e.sent != nil:
	case e.kind == kindReply:
		e.sent = tracer.Reply(e.msg.Body, e.msg.call.request)
	case e.kind == kindSegment:
		e.sent = tracer.Datagram(e.bytes)
	default:
		e.sent = tracer.Message(e.msg.Body)
	}
	detrt.Quietly(func() { c.rec.Send(c.Now(), e.sent, e.from.name, e.to.name) })
}

// recordArrival notes the fate of the event.
func (e *event) recordArrival(at time.Duration, why loss) {
	l := losses[why]
	if died := e.from.died; why == lostToCrash && int(e.fromLife) <= len(died) && died[e.fromLife-1] < e.depart {
		l = trace.Crashed
	} else if why == lostToCrash && e.to.crashedBy != nil {
		e.sent.By(e.to.crashedBy.Name)
	}
	e.sent.Arrives(at, l)
}

// event notes an event of a machine.
func (m *machine) event(kind trace.Kind, text, fault string) {
	if m.c.rec != nil {
		m.c.recordEvent(trace.Event{Host: m.name, Kind: kind, Text: text, Term: m.term, Fault: fault}, nil)
	}
}

// recordEvent notes an event of the present instant, with the words of a fault unless that is nil.
func (c *Cluster) recordEvent(e trace.Event, fault any) {
	detrt.Quietly(func() {
		if e.At = c.Now(); fault != nil {
			e.Text = c.rec.Words(fault)
		}
		c.rec.Event(e)
	})
}

// A wrong is what a fault does: the kind of event that it is, and what [tracer.Words] makes words of.
type wrong struct {
	kind trace.Kind
	what any
}

// recordFault notes that a fault begins or ends.
func (c *Cluster) recordFault(m, other *machine, w wrong, ends bool) {
	if c.rec == nil || w.kind == trace.Pause {
		return
	}
	peer := ""
	if other != nil {
		peer = other.name
	}
	c.recordEvent(trace.Event{Host: m.name, Peer: peer, Kind: w.kind, Fault: c.by.Name, Ends: ends}, w.what)
}

// SetTerm sets the term, ballot, view or epoch that the node is in, before [Host.SetRole]: where messages are recorded, it is
// shown beside the role. It changes nothing else, and may be called often. 0 is none.
func (h *Host) SetTerm(term uint64) {
	c := h.m.c
	if c.rec == nil {
		return
	}
	detrt.Quietly(func() {
		c.lock()
		defer c.unlock()
		if changed := !h.dead() && h.m.term != term; changed {
			if h.m.term = term; h.m.role != "" {
				h.m.event(trace.Role, h.m.role, "")
			}
		}
	})
}

// SetState says in which state a node is, for [trace.States]. It asks the node only where those are recorded, changes nothing,
// and may be called often.
func (h *Host) SetState(n trace.Abstract) {
	if c := h.m.c; c.rec.Wants(trace.States) {
		detrt.Quietly(func() {
			state := n.Abstract()
			c.lock()
			defer c.unlock()
			if !h.dead() {
				c.rec.State(h.m.name, state)
			}
		})
	}
}

// Recorded ends the recording of [Config.Record], and returns what was recorded; nil if nothing was to be. It is called once,
// and may be called after [Cluster.Stop].
func (c *Cluster) Recorded() *trace.Trace {
	if c.rec == nil {
		return nil
	}
	c.lock()
	defer c.unlock()
	var lines []trace.Event
	for l := range c.Logs().All() {
		if w := c.cfg.Record; l.At >= w.From && l.At <= w.To {
			lines = append(lines, trace.Event{At: l.At, Host: l.Host, Kind: trace.Log, Text: fmt.Sprintf("%v %s", l.Level, l.Text)})
		}
	}
	return c.rec.Trace(lines)
}
