package crdtkv

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/trace"
)

// Describe says what a client asks for.
func (r *request) Describe() trace.Description {
	d := trace.Description{Name: "request"}
	switch r.op {
	case opCount:
		d.Text = fmt.Sprintf("add %d to %s", r.value, r.key)
	case opAdd:
		d.Text = fmt.Sprintf("add %d to the set %s", r.value, r.key)
	case opRemove:
		d.Text = fmt.Sprintf("remove %d from the set %s", r.value, r.key)
	case opWrite:
		d.Text = fmt.Sprintf("write %s=%d", r.key, r.value)
	default:
		d.Text = "read " + r.key
		d.Asks = []trace.Item{{Key: r.key}}
		return d
	}
	d.Carries = []trace.Item{{Key: r.key, Value: fmt.Sprint(r.value)}}
	return d
}

// DescribeAnswer says what a node answers.
func (r response) DescribeAnswer(to any) trace.Description {
	d := trace.Description{Name: "answer"}
	req, ok := to.(*request)
	switch {
	case r.other:
		d.Text = "not done: the node has booted since"
	case ok && (req.op == opSum || req.op == opElements || req.op == opSiblings):
		d.Text = fmt.Sprintf("%s is %v", req.key, r.values)
		for _, v := range r.values {
			d.Asks = append(d.Asks, trace.Item{Key: req.key, Value: fmt.Sprint(v)})
		}
	case ok:
		d.Text = req.Describe().Text + ": done"
	}
	return d
}

// Describe says what of the state a peer gets: the values of sets and registers, and the sums of counters.
func (g *gossip) Describe() trace.Description {
	d := trace.Description{Name: "gossip", Text: fmt.Sprintf("deltas %d to %d", g.after+1, g.upTo)}
	if g.after == 0 {
		d.Name, d.Text = "state", "the whole state"
	}
	for _, r := range g.delta.counters {
		d.Text += ", counter " + r.key
		d.Carries = append(d.Carries, trace.Item{Key: r.key, Value: fmt.Sprint(r.value.p.sum() - r.value.n.sum())})
	}
	for _, bags := range []table[bag]{g.delta.sets, g.delta.registers} {
		for _, r := range bags {
			d.Text += fmt.Sprintf(", %s: %v", r.key, r.value.values())
			for _, v := range r.value.values() {
				d.Carries = append(d.Carries, trace.Item{Key: r.key, Value: fmt.Sprint(v)})
			}
		}
	}
	return d
}

// Describe says what a peer has.
func (r *receipt) Describe() trace.Description {
	return trace.Description{Name: "ack", Text: fmt.Sprintf("has the deltas up to %d", r.upTo)}
}

// Describe says what the harness asks for.
func (inquiry) Describe() trace.Description {
	return trace.Description{Name: "digest", Text: "a digest of the state", Idle: true}
}
