package quorumlog

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/trace"
)

// Describe says which entries of the log a follower gets.
func (b *batch[C]) Describe() trace.Description {
	if len(b.entries) == 0 {
		return trace.Description{Name: "heartbeat", Text: fmt.Sprintf("leader of %s in epoch %d; committed up to %d", b.log, b.epoch, b.commit), Term: b.epoch, Idle: true}
	}
	text := fmt.Sprintf("%s after entry %d:", b.log, b.prev.Index)
	for _, e := range b.entries {
		if e.Command == nil {
			text += " the beginning of an epoch;"
		} else if c, ok := any(e.Command).(fmt.Stringer); ok {
			text += " " + c.String() + ";"
		} else {
			text += fmt.Sprintf(" %+v;", *e.Command)
		}
	}
	return trace.Description{Name: "append", Text: text + fmt.Sprintf(" committed up to %d", b.commit), Term: b.epoch}
}

// Describe says what a follower has.
func (a *ack) Describe() trace.Description {
	switch {
	case a.sent == never:
		return trace.Description{Name: "refuse", Text: fmt.Sprintf("%s: there is a later epoch: %d", a.log, a.epoch), Term: a.epoch}
	case !a.ok:
		return trace.Description{Name: "refuse", Text: fmt.Sprintf("%s: does not have entry %d; may match up to %d", a.log, a.prev, a.index), Term: a.epoch}
	}
	return trace.Description{Name: "ack", Text: fmt.Sprintf("%s: has all up to entry %d", a.log, a.index), Term: a.epoch, Idle: a.prev == a.index}
}

// Describe says what a follower gets that is too far behind.
func (m *image[C]) Describe() trace.Description {
	return trace.Description{Name: "snapshot", Text: fmt.Sprintf("%s: all up to entry %d", m.log, m.prev.Index), Term: m.epoch}
}

// Describe says what a node that lost its log asks for.
func (r *recoveryRequest) Describe() trace.Description {
	return trace.Description{Name: "recovery request", Text: r.log + ": a snapshot, since the log is lost", Term: r.epoch}
}

// Describe says what a candidate asks for.
func (c *claim) Describe() trace.Description {
	name, text := "vote request", "elect me leader of %s in epoch %d; my log ends at entry %d of epoch %d"
	if c.ask {
		name, text = "pre-vote request", "would you elect me leader of %s in epoch %d; my log ends at entry %d of epoch %d"
	}
	return trace.Description{Name: name, Text: fmt.Sprintf(text, c.log, c.epoch, c.last.Index, c.last.Epoch), Term: c.epoch}
}

// Describe says what a candidate gets.
func (g *grant) Describe() trace.Description {
	if g.ask {
		return trace.Description{Name: "pre-vote", Text: fmt.Sprintf("%s: would elect in epoch %d", g.log, g.epoch), Term: g.epoch}
	}
	return trace.Description{Name: "vote", Text: fmt.Sprintf("%s: elects in epoch %d", g.log, g.epoch), Term: g.epoch}
}
