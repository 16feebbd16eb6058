package hlc

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/cell"
)

// Describe says what a client asks for.
func (r *request) Describe() trace.Description {
	return trace.Description{Name: "request", Text: model.Txn(r.ops).String(), Carries: cell.Carries(r.ops), Asks: cell.Asks(r.ops)}
}

// DescribeAnswer says what a node answers.
func (r response) DescribeAnswer(any) trace.Description {
	d := trace.Description{Name: "answer"}
	switch r.status {
	case aborted:
		d.Text = "aborted"
	case lost:
		d.Text = "unknown: the node does not know whether it committed"
	case other:
		d.Text = "not done: the node has restarted since"
	default:
		d.Text, d.Asks = "done: "+model.Txn(r.ops).String(), cell.Answers(r.ops)
	}
	return d
}

// Describe says what a node asks of the leader of a range, or answers.
func (p *packet) Describe() trace.Description {
	switch b := p.body.(type) {
	case *prepare:
		return trace.Description{Name: "prepare", Text: fmt.Sprintf("read and lay down intents in range %d", b.in)}
	case *refresh:
		return trace.Description{Name: "refresh", Text: fmt.Sprintf("is what was read in range %d unchanged", b.in)}
	case *finish:
		return trace.Description{Name: "finish", Text: fmt.Sprintf("record the outcome in range %d", b.in)}
	case *resolve:
		return trace.Description{Name: "resolve", Text: fmt.Sprintf("the outcome of a transaction, for its intents in range %d", b.in)}
	case *prepared:
		return trace.Description{Name: "prepared", Text: "what was read, and whether the intents are there"}
	case *refreshed:
		return trace.Description{Name: "refreshed", Text: "whether it is unchanged"}
	case *finished:
		return trace.Description{Name: "finished", Text: "the outcome of a transaction"}
	}
	return trace.Description{Name: "packet", Text: fmt.Sprintf("%T", p.body)}
}

// Describe says what the harness asks for.
func (inquiry) Describe() trace.Description {
	return trace.Description{Name: "digest", Text: "a digest of the state", Idle: true}
}
