package cluster

import (
	"context"
	"fmt"
)

// A Message is what one host sent another. The two share Body, as nothing is
// copied between hosts: neither may change it once it is sent.
type Message struct {
	From string // the host that sent it, or forwarded it
	Body any

	at  *Host   // that has it now
	ask *ask    // who waits for the answer; nil if nobody does
	way []*Host // that forwarded it: the answer goes back through them
}

// An ask is a question that waits for its answer.
type ask struct {
	from   *Host
	answer chan any
}

// Send sends body to a host, one way. It may be lost, it may come late and it
// may be overtaken, as a datagram may; only a fault has it doubled or damaged.
func (h *Host) Send(to string, body any) {
	h.send(kindMessage, h.m.c.machine(to), Message{From: h.m.name, Body: body})
}

// Call sends req to a host and waits for the answer, which its handler gives
// with [Message.Reply]. The error is that of ctx if none comes in time: the
// request may have been lost, or the answer, or both may be on their way still.
func (h *Host) Call(ctx context.Context, to string, req any) (any, error) {
	a := &ask{from: h, answer: make(chan any, 1)}
	h.send(kindMessage, h.m.c.machine(to), Message{From: h.m.name, Body: req, ask: a})
	select {
	case v := <-a.answer:
		return v, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("call %s: %w", to, ctx.Err())
	}
}

// Ask calls as [Host.Call] does, for an answer of one type. Another one is an error.
func Ask[R any](ctx context.Context, h *Host, to string, req any) (answer R, err error) {
	v, err := h.Call(ctx, to, req)
	if err != nil {
		return answer, err
	}
	answer, ok := v.(R)
	if !ok {
		return answer, fmt.Errorf("%s answered %T", to, v)
	}
	return answer, nil
}

// Reply answers a message that was sent with [Host.Call]. The answer goes back
// the way the message came, host by host, and may be lost on it. A message that
// was sent with [Host.Send] waits for no answer, and Reply does nothing.
func (m Message) Reply(body any) {
	if m.ask != nil {
		m.Body = body
		m.back()
	}
}

// Forwarded reports whether another host sent the message on to this one with
// [Message.Forward].
func (m Message) Forwarded() bool { return len(m.way) > 0 }

// Forward sends the message on to another host, whose answer comes back through
// this one.
func (m Message) Forward(to string) {
	here := m.at
	m.From = here.m.name
	m.way = append(m.way[:len(m.way):len(m.way)], here)
	here.send(kindMessage, here.m.c.machine(to), m)
}

// back sends an answer one hop back.
func (m Message) back() {
	here, next := m.at, m.ask.from
	if n := len(m.way); n > 0 {
		next = m.way[n-1]
	}
	here.send(kindReply, next.m, m)
}

// relay takes an answer that arrived: at the host that asked, or at one that
// forwarded the question and passes the answer on. A host that crashed in
// between has forgotten both.
func (m Message) relay() {
	if n := len(m.way); n > 0 {
		if m.at == m.way[n-1] {
			m.way = m.way[:n-1]
			m.back()
		}
		return
	}
	if m.at == m.ask.from {
		m.at.m.c.loop.wakes()
		select {
		case m.ask.answer <- m.Body:
		default: // it was answered before
		}
	}
}

// send puts a message on the network.
func (h *Host) send(k kind, to *machine, msg Message) {
	c := h.m.c
	c.lock()
	defer c.unlock()
	e := c.loop.fresh()
	e.kind, e.to, e.from, e.fromLife, e.msg = k, to, h.m, h.life, msg
	c.launch(e)
}
