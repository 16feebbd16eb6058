package registerkv

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/sorting"
)

// Describe says what a client asks for.
func (r *request) Describe() trace.Description {
	if r.write {
		return trace.Description{Name: "request", Text: fmt.Sprintf("write %s=%d", r.key, r.value), Carries: []trace.Item{{Key: r.key, Value: fmt.Sprint(r.value)}}}
	}
	return trace.Description{Name: "request", Text: "read " + r.key, Asks: []trace.Item{{Key: r.key}}}
}

// DescribeAnswer says what a node answers.
func (r response) DescribeAnswer(to any) trace.Description {
	d := trace.Description{Name: "answer"}
	req, ok := to.(*request)
	switch {
	case r.status == nothing:
		d.Text = "not done: too few replicas answer"
	case r.status == lost:
		d.Text = "unknown: too few replicas are known to have it"
	case r.status == other:
		d.Text = "not done: the node has booted since"
	case ok && !req.write:
		d.Text = fmt.Sprintf("%s is %d", req.key, r.value)
		d.Asks = []trace.Item{{Key: req.key, Value: fmt.Sprint(r.value)}}
	case ok:
		d.Text = fmt.Sprintf("write %s=%d: done", req.key, req.value)
	}
	return d
}

// Describe says what a replica is asked.
func (q *query) Describe() trace.Description {
	return trace.Description{Name: "query", Text: "what do you have of " + q.key, Asks: []trace.Item{{Key: q.key}}}
}

// Describe says what a replica is to store.
func (s *store) Describe() trace.Description {
	return trace.Description{Name: "store", Text: fmt.Sprintf("%s=%d under tag %d", s.key, s.cell.value, s.cell.tag.counter), Carries: []trace.Item{{Key: s.key, Value: fmt.Sprint(s.cell.value)}}}
}

// Describe says what a replica answers. An answer to a store has no cell.
func (a *answer) Describe() trace.Description {
	if a.phase%2 == 1 {
		return trace.Description{Name: "ack", Text: "stored"}
	}
	return trace.Description{Name: "has", Text: fmt.Sprintf("%d under tag %d", a.cell.value, a.cell.tag.counter)}
}

// Describe says what a replica that lost its data asks for.
func (r *recoveryRequest) Describe() trace.Description {
	return trace.Description{Name: "recovery request", Text: "all that you have, since the disk lost data"}
}

// Describe says what it gets.
func (r *recoveryReply) Describe() trace.Description {
	d := trace.Description{Name: "recovery", Text: fmt.Sprintf("all values of %d keys", len(r.data))}
	for _, key := range sorting.Keys(r.data) {
		d.Carries = append(d.Carries, trace.Item{Key: key, Value: fmt.Sprint(r.data[key].value)})
	}
	return d
}
