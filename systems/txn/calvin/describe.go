package calvin

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/cell"
)

// words says what an entry of the log asks for.
func words(data []byte) (string, []trace.Item) {
	e := decodeEntry(data)
	return model.Txn(e.Ops).String(), cell.Carries(e.Ops)
}

// Describe says what a client asks for.
func (r *request) Describe() trace.Description {
	return trace.Description{Name: "request", Text: model.Txn(r.ops).String(), Carries: cell.Carries(r.ops), Asks: cell.Asks(r.ops)}
}

// DescribeAnswer says what a node answers.
func (r response) DescribeAnswer(any) trace.Description {
	d := trace.Description{Name: "answer"}
	switch r.status {
	case aborted:
		d.Text = "aborted: a row had moved to another shard"
	case noSequencer:
		d.Text = "not done: no sequencer is known"
	default:
		d.Text, d.Asks = "done: "+model.Txn(r.ops).String(), cell.Answers(r.ops)
	}
	return d
}

// Describe says what the sequencer is asked for.
func (s *sequence) Describe() trace.Description {
	return trace.Description{Name: "sequence", Text: fmt.Sprintf("put into the log: %v, on shards %v", model.Txn(s.entry.Ops), s.entry.Shards), Carries: cell.Carries(s.entry.Ops)}
}

// Describe says what a sequencer answers before its time.
func (o *outcome) Describe() trace.Description {
	return trace.Description{Name: "outcome", Text: "done before it was committed: " + model.Txn(o.last.Ops).String(), Asks: cell.Answers(o.last.Ops)}
}

// Describe says what the harness asks for.
func (inquiry) Describe() trace.Description {
	return trace.Description{Name: "digest", Text: "a digest of the state", Idle: true}
}
