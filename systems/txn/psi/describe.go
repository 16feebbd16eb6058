package psi

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/cell"
)

// Describe says what a client asks for.
func (r *request) Describe() trace.Description {
	return trace.Description{Name: "request", Text: model.Txn(r.ops).String(), Carries: cell.Carries(r.ops), Asks: cell.Asks(r.ops)}
}

// DescribeAnswer says what a site answers.
func (r response) DescribeAnswer(any) trace.Description {
	d := trace.Description{Name: "answer"}
	switch r.status {
	case aborted:
		d.Text = "aborted: a preferred site refuses, or does not answer"
	case other:
		d.Text = "not done: the site has booted since"
	default:
		d.Text, d.Asks = "done: "+model.Txn(r.ops).String(), cell.Answers(r.ops)
	}
	return d
}

// Describe says what a site has.
func (h *has) Describe() trace.Description {
	return trace.Description{Name: "has", Text: fmt.Sprintf("what have I not of what you have? I have %v", h.vector), Idle: true}
}

// Describe says which commits a site sends.
func (b *batch) Describe() trace.Description {
	d := trace.Description{Name: "commits"}
	var all []string
	for _, c := range b.commits {
		text := fmt.Sprintf("%d of site %d on %v:", c.Seq, c.Site+1, c.Snapshot)
		for i, k := range c.Keys {
			text += fmt.Sprintf(" %s is %v", k, c.Cells[i])
			d.Carries = append(d.Carries, c.Cells[i].Item(k))
		}
		all = append(all, text)
	}
	d.Text = strings.Join(all, "; ")
	return d
}

// Describe says what a site gets that lost what the others do not keep.
func (m *image) Describe() trace.Description {
	return trace.Description{Name: "image", Text: fmt.Sprintf("all that I have, which is %v", m.has)}
}

// Describe says what a preferred site is asked.
func (p *prepare) Describe() trace.Description {
	return trace.Description{Name: "prepare", Text: fmt.Sprintf("may I write %s on snapshot %v", strings.Join(p.keys, ", "), p.snapshot)}
}

// Describe says what it answers.
func (v *vote) Describe() trace.Description {
	if v.ok {
		return trace.Description{Name: "yes", Text: "yes: the keys are locked for you"}
	}
	return trace.Description{Name: "no", Text: "no: a key was changed since, or is about to be"}
}

// Describe says that a transaction is not committed.
func (r *release) Describe() trace.Description {
	return trace.Description{Name: "release", Text: fmt.Sprintf("transaction %d is not committed", r.id.N)}
}

// Describe says what a site with a lock asks.
func (q *question) Describe() trace.Description {
	return trace.Description{Name: "question", Text: fmt.Sprintf("do you still need the locks of transaction %d", q.id.N), Idle: true}
}

// Describe says what the harness asks for.
func (inquiry) Describe() trace.Description {
	return trace.Description{Name: "digest", Text: "a digest of the state", Idle: true}
}
