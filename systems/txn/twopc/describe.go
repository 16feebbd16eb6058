package twopc

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/model"
)

// itemOf returns what an operation carries or asks for.
func itemOf(op model.TxnOp) trace.Item {
	switch {
	case op.F == model.TxnReadAll:
		return trace.Item{Key: op.Key}
	case op.F != model.TxnRead || op.Value != 0:
		return trace.Item{Key: op.Key, Value: fmt.Sprint(op.Value)}
	case len(op.List) > 0:
		return trace.Item{Key: op.Key, Value: fmt.Sprint(op.List[len(op.List)-1])}
	}
	return trace.Item{Key: op.Key}
}

// ofOps sorts operations into those that carry something and those that ask.
func ofOps(d trace.Description, ops ...model.TxnOp) trace.Description {
	for _, op := range ops {
		if op.F == model.TxnRead || op.F == model.TxnReadAll {
			d.Asks = append(d.Asks, itemOf(op))
		} else {
			d.Carries = append(d.Carries, itemOf(op))
		}
	}
	return d
}

// Describe says what a client asks for.
func (r *request) Describe() trace.Description {
	return ofOps(trace.Description{Name: "request", Text: r.ops.String()}, r.ops...)
}

// DescribeAnswer says what a node answers.
func (r *response) DescribeAnswer(any) trace.Description {
	d := trace.Description{Name: "answer"}
	switch r.status {
	case committed:
		d.Text = "committed: " + r.ops.String()
		return ofOps(d, r.ops...)
	case aborted:
		d.Text = "aborted: " + r.why
	default:
		d.Text = "not done: the node has booted since"
	}
	return d
}

// Describe says what a participant is asked to carry out.
func (e *execute) Describe() trace.Description {
	return ofOps(trace.Description{Name: "execute", Text: fmt.Sprintf("%s: %s", e.age.id, e.op)}, e.op)
}

// Describe says what it has done.
func (e *executed) Describe() trace.Description {
	if e.refused != "" {
		return trace.Description{Name: "refused", Text: fmt.Sprintf("%s: %s", e.id, e.refused)}
	}
	return ofOps(trace.Description{Name: "executed", Text: fmt.Sprintf("%s: %s", e.id, e.op)}, e.op)
}

// Describe says which transaction is to be prepared.
func (p *prepare) Describe() trace.Description {
	return trace.Description{Name: "prepare", Text: p.id.String()}
}

// Describe says what the vote is.
func (v *vote) Describe() trace.Description {
	text := "no"
	if v.yes {
		text = "yes"
	}
	return trace.Description{Name: "vote", Text: fmt.Sprintf("%s: %s", v.id, text)}
}

// Describe says what was decided.
func (d *decision) Describe() trace.Description {
	name := "commit"
	if d.outcome == aborted {
		name = "abort"
	}
	return trace.Description{Name: name, Text: d.id.String()}
}

// Describe says which commit was carried out.
func (d *done) Describe() trace.Description {
	return trace.Description{Name: "done", Text: d.id.String()}
}

// Describe says which outcome is asked for.
func (q *inquiry) Describe() trace.Description {
	return trace.Description{Name: "inquiry", Text: "how did " + q.id.String() + " end"}
}
