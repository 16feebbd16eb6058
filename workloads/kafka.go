package workloads

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/capsize-go/capsize/checker/txn/kafka"
	"github.com/capsize-go/capsize/cluster"
)

// A LogClient is a client of logs like Kafka's: a producer and a consumer in one. Do carries out what a request says; see
// [kafka.Request]. A transaction of several operations is to happen as a whole or not at all. What it polled before it failed is
// part of the reply to it.
type LogClient interface {
	Do(ctx context.Context, in kafka.Request) (kafka.Reply, error)
	io.Closer
}

// A LogMix is the load that clients of logs make. The zero value of a field stands for its default.
type LogMix struct {
	Logs        int     // default 4
	MinLength   int     // operations of a transaction; default 1
	MaxLength   int     // default 4, or MinLength if that is more
	PollShare   float64 // of operations that poll, from 0 to 1; default 0.5
	AssignEvery int     // a client takes other logs once in this number of turns; default 20
	Subscribe   bool    // a client joins a consumer group, which decides which logs it polls, in place of saying so itself
	// Options say how the logs are judged; see [kafka.Options].
	Options kafka.Options
}

// withDefaults returns the mix with the defaults of the fields that are zero.
func (m LogMix) withDefaults() LogMix {
	set := func(n *int, value int) {
		if *n <= 0 {
			*n = value
		}
	}
	set(&m.Logs, 4)
	set(&m.MinLength, 1)
	set(&m.MaxLength, max(4, m.MinLength))
	m.MaxLength = max(m.MaxLength, m.MinLength)
	set(&m.AssignEvery, 20)
	if m.PollShare == 0 {
		m.PollShare = 0.5
	}
	m.PollShare = min(max(m.PollShare, 0), 1)
	return m
}

// A logTurn is the turn of a client of logs.
type logTurn = Turn[kafka.Request, kafka.Reply]

// Kafka is a workload of transactions that send messages to logs and poll them, as Jepsen's workload kafka is. In the end each client
// polls all logs from where it is, until there is nothing more. The checker is [kafka.Checker].
func Kafka[C LogClient](open func(ctx context.Context, h *cluster.Host) (C, error), mix LogMix) Workload {
	mix = mix.withDefaults()
	w := New(Spec[C, kafka.Request, kafka.Reply]{
		Name:    "kafka",
		Open:    open,
		Next:    mix.next,
		Invoke:  func(ctx context.Context, c C, in kafka.Request) (kafka.Reply, error) { return c.Do(ctx, in) },
		Final:   mix.final,
		Checker: kafka.Checker(mix.Options),
	})
	typed := w.Accepts
	w.Accepts = func(in any) error {
		if err := typed(in); err != nil {
			return err
		}
		return accepted(in.(kafka.Request))
	}
	return w
}

// next draws a transaction. One time in AssignEvery, and after a call that did not succeed, it draws the logs that the client polls.
func (m LogMix) next(t logTurn) kafka.Request {
	if !t.OK || t.Rand.IntN(m.AssignEvery) == 0 {
		return m.assign(t)
	}
	in := kafka.Request{F: "txn"}
	for i := range m.MinLength + t.Rand.IntN(m.MaxLength-m.MinLength+1) {
		if t.Rand.Float64() < m.PollShare {
			in.Ops = append(in.Ops, kafka.LogOp{F: kafka.Poll})
			continue
		}
		in.Ops = append(in.Ops, kafka.LogOp{F: kafka.Send, Key: m.log(t.Rand.IntN(m.Logs)), Value: numbered(t.Number(), i, m.MaxLength)})
	}
	return in
}

// assign draws some of the logs, at least one.
func (m LogMix) assign(t logTurn) kafka.Request {
	in := kafka.Request{F: kafka.Assign}
	if m.Subscribe {
		in.F = kafka.Subscribe
	}
	one := t.Rand.IntN(m.Logs)
	for i := range m.Logs {
		if i == one || t.Rand.IntN(2) == 0 {
			in.Keys = append(in.Keys, m.log(i))
		}
	}
	return in
}

func (m LogMix) log(i int) string { return "log" + strconv.Itoa(i) }

// final takes all logs, and polls them until nothing comes any more. It lets go of those that it had before, since it is on a new
// connection, which does not know how far the former one had come.
func (m LogMix) final(t logTurn) (kafka.Request, bool) {
	if t.Index == 0 {
		return kafka.Request{F: kafka.Assign}, true
	}
	if t.Last.F == kafka.Assign && (len(t.Last.Keys) == 0 || !t.OK) && t.Index <= finalFailures {
		in := kafka.Request{F: kafka.Assign}
		for i := range m.Logs {
			in.Keys = append(in.Keys, m.log(i))
		}
		return in, true
	}
	nothing := t.OK && t.Last.F != kafka.Assign
	for _, op := range t.Answer.Ops {
		nothing = nothing && len(op.Polled) == 0
	}
	if nothing || !t.OK && t.Index > finalFailures || t.Index >= finalTurns {
		return kafka.Request{}, false
	}
	return kafka.Request{F: "poll", Ops: []kafka.LogOp{{F: kafka.Poll}}}, true
}

// numbered returns a value that no other operation of any turn has: the number of the turn, and behind it that of the operation.
func numbered(turn, op, most int) int {
	factor := 10
	for factor <= most {
		factor *= 10
	}
	return turn*factor + op
}

// accepted returns the error for a request that is none of the workload's.
func accepted(in kafka.Request) error {
	switch in.F {
	case "txn", "send", "poll", kafka.Assign, kafka.Subscribe:
		return nil
	}
	return fmt.Errorf("f %q of an input is none of txn, send, poll, %s, %s", in.F, kafka.Assign, kafka.Subscribe)
}
