package cluster

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/cluster/internal/deadline"
)

// A Message is what one host sent another. The two share Body, as nothing is copied between hosts: neither may change it once it
// is sent.
type Message struct {
	From string // the host that sent it, or forwarded it
	Body any

	at   *Host        // that has it now
	call *pendingCall // that waits for the reply; nil for a message that wants none
	hops []*Host      // that forwarded it: the reply goes back through them
}

// A pendingCall is a request that waits for its reply.
type pendingCall struct {
	deadline.Waiter
	from    *Host
	request any
}

// Send sends body to a host, one way. Like a datagram it may be lost, delayed or overtaken; only a fault duplicates or damages
// it.
func (h *Host) Send(to string, body any) {
	h.send(kindMessage, h.m.c.machine(to), Message{From: h.m.name, Body: body})
}

// Call sends req to a host and waits for the reply, which its handler sends with [Message.Reply]. If none comes in time the error
// is that of ctx: the request or the reply was lost, or is still on its way.
func (h *Host) Call(ctx context.Context, to string, req any) (any, error) {
	signal := h.signal.Take()
	a := &pendingCall{from: h, request: req}
	a.Begin(signal)
	h.send(kindMessage, h.m.c.machine(to), Message{From: h.m.name, Body: req, call: a})
	v, err := a.Wait(ctx)
	h.signal.Keep(signal)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", to, err)
	}
	return v, nil
}

// Ask is [Host.Call] for replies of one type. A reply of another type is an error.
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

// Reply answers a message that was sent with [Host.Call]. The reply goes back through the hosts that forwarded the message, and
// may be lost on the way. It does nothing for a message that was sent with [Host.Send].
func (m Message) Reply(body any) {
	if m.call != nil {
		m.Body = body
		m.sendBack()
	}
}

// Forwarded reports whether another host sent the message on to this one with
// [Message.Forward].
func (m Message) Forwarded() bool { return len(m.hops) > 0 }

// Forward sends the message on to another host, whose reply comes back through this one.
func (m Message) Forward(to string) {
	here := m.at
	m.From = here.m.name
	m.hops = append(m.hops[:len(m.hops):len(m.hops)], here)
	here.send(kindMessage, here.m.c.machine(to), m)
}

// sendBack sends a reply one hop back.
func (m Message) sendBack() {
	here, next := m.at, m.call.from
	if n := len(m.hops); n > 0 {
		next = m.hops[n-1]
	}
	here.send(kindReply, next.m, m)
}

// relay handles a reply that arrived: at the host that called, or at one that forwarded the request and passes the reply on. A
// host that crashed in between has lost both.
func (m Message) relay() {
	if n := len(m.hops); n > 0 {
		if m.at == m.hops[n-1] {
			m.hops = m.hops[:n-1]
			m.sendBack()
		}
		return
	}
	if m.at == m.call.from {
		m.at.m.c.loop.wakes()
		m.call.Settle(m.Body, nil)
	}
}

// send puts a message on the network.
func (h *Host) send(k kind, to *machine, msg Message) {
	c := h.m.c
	c.lock()
	defer c.unlock()
	e := c.loop.newEvent()
	e.kind, e.to, e.from, e.fromLife, e.msg = k, to, h.m, h.life, msg
	c.launch(e)
}
