package primarykv

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/sorting"
)

// words says what a request or an entry asks for.
func words(o op, key string, old, value int) string {
	switch o {
	case opGet:
		return "read " + key
	case opPut:
		return fmt.Sprintf("write %s=%d", key, value)
	case opCAS:
		return fmt.Sprintf("cas %s %d→%d", key, old, value)
	}
	return "the beginning of an epoch"
}

func carries(o op, key string, value int) []trace.Item {
	if o == opPut || o == opCAS {
		return []trace.Item{{Key: key, Value: fmt.Sprint(value)}}
	}
	return nil
}

// Describe says what a client asks for.
func (r *request) Describe() trace.Description {
	d := trace.Description{Name: "request", Text: words(r.op, r.key, r.old, r.value), Carries: carries(r.op, r.key, r.value)}
	if r.op == opGet {
		d.Asks = []trace.Item{{Key: r.key}}
	}
	return d
}

// DescribeAnswer says what a node answers.
func (r response) DescribeAnswer(to any) trace.Description {
	d := trace.Description{Name: "answer"}
	req, ok := to.(*request)
	switch {
	case r.status == noPrimary:
		d.Text = "not done: no primary that serves is known"
	case r.status == lost:
		d.Text = "unknown: this node is primary no more"
	case ok && req.op == opGet:
		d.Text = fmt.Sprintf("%s is %d", req.key, r.value)
		d.Asks = []trace.Item{{Key: req.key, Value: fmt.Sprint(r.value)}}
	case ok && req.op == opCAS:
		d.Text = fmt.Sprintf("%s: found %d", words(req.op, req.key, req.old, req.value), r.value)
	case ok:
		d.Text = words(req.op, req.key, req.old, req.value) + ": done"
	}
	return d
}

// Describe says which entries of the log a backup gets.
func (b *batch) Describe() trace.Description {
	if len(b.entries) == 0 {
		return trace.Description{Name: "heartbeat", Text: fmt.Sprintf("primary of epoch %d; committed up to %d", b.epoch, b.commit), Term: b.epoch, Idle: true}
	}
	d := trace.Description{Name: "append", Term: b.epoch}
	var all []string
	for _, e := range b.entries {
		all = append(all, words(e.Write.Op, e.Write.Key, e.Write.Old, e.Write.Value))
		d.Carries = append(d.Carries, carries(e.Write.Op, e.Write.Key, e.Write.Value)...)
	}
	d.Text = fmt.Sprintf("after entry %d: %s; committed up to %d", b.prev.Index, strings.Join(all, ", "), b.commit)
	return d
}

// Describe says what a backup has.
func (a *ack) Describe() trace.Description {
	switch {
	case a.sent == never:
		return trace.Description{Name: "refuse", Text: fmt.Sprintf("there is a later epoch: %d", a.epoch), Term: a.epoch}
	case !a.ok:
		return trace.Description{Name: "refuse", Text: fmt.Sprintf("does not have entry %d; its log may match up to %d", a.prev, a.index), Term: a.epoch}
	}
	return trace.Description{Name: "ack", Text: fmt.Sprintf("has all up to entry %d", a.index), Term: a.epoch, Idle: a.prev == a.index}
}

// Describe says what a backup gets that is too far behind.
func (m *image) Describe() trace.Description {
	d := trace.Description{Name: "snapshot", Text: fmt.Sprintf("all up to entry %d", m.prev.Index), Term: m.epoch}
	kv, err := restore(m.data)
	if err != nil {
		d.Text += fmt.Sprintf(", which can't be read: %v", err)
		return d
	}
	for _, key := range sorting.Keys(kv.Values) {
		d.Carries = append(d.Carries, trace.Item{Key: key, Value: fmt.Sprint(kv.Values[key])})
	}
	return d
}

// Describe says what a node that lost its log asks for.
func (r *recoveryRequest) Describe() trace.Description {
	return trace.Description{Name: "recovery request", Text: "a snapshot, since the log is lost", Term: r.epoch}
}

// Describe says what a candidate asks for.
func (c *claim) Describe() trace.Description {
	if c.ask {
		return trace.Description{Name: "pre-vote request", Text: fmt.Sprintf("would you promote me to primary of epoch %d; my log ends at entry %d of epoch %d", c.epoch, c.last.Index, c.last.Epoch), Term: c.epoch}
	}
	return trace.Description{Name: "vote request", Text: fmt.Sprintf("promote me to primary of epoch %d; my log ends at entry %d of epoch %d", c.epoch, c.last.Index, c.last.Epoch), Term: c.epoch}
}

// Describe says what a candidate gets.
func (g *grant) Describe() trace.Description {
	if g.ask {
		return trace.Description{Name: "pre-vote", Text: fmt.Sprintf("would promote in epoch %d", g.epoch), Term: g.epoch}
	}
	return trace.Description{Name: "vote", Text: fmt.Sprintf("promotes in epoch %d", g.epoch), Term: g.epoch}
}

// Describe says what the harness asks for.
func (inquiry) Describe() trace.Description {
	return trace.Description{Name: "digest", Text: "a digest of the state", Idle: true}
}
