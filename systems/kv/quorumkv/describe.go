package quorumkv

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/trace"
)

// items returns the values of an object; a deleted one has the value 0.
func (o object) items(key string) (all []trace.Item) {
	for _, s := range o.siblings {
		all = append(all, trace.Item{Key: key, Value: fmt.Sprint(s.value)})
	}
	return all
}

// words says what an object holds.
func (o object) words(key string) string {
	switch len(o.siblings) {
	case 0:
		return key + " has no value"
	case 1:
		return fmt.Sprintf("%s=%d", key, o.siblings[0].value)
	}
	return fmt.Sprintf("%s has the siblings %v", key, o.values())
}

// Describe says what a client asks for.
func (r *request) Describe() trace.Description {
	if r.op == opGet {
		return trace.Description{Name: "request", Text: "read " + r.key, Asks: []trace.Item{{Key: r.key}}}
	}
	return trace.Description{Name: "request", Text: fmt.Sprintf("write %s=%d", r.key, r.value), Carries: []trace.Item{{Key: r.key, Value: fmt.Sprint(r.value)}}}
}

// DescribeAnswer says what a coordinator answers.
func (r response) DescribeAnswer(to any) trace.Description {
	d := trace.Description{Name: "answer"}
	req, ok := to.(*request)
	switch {
	case r.status == noQuorum:
		d.Text = "not done: too few replicas are alive"
	case r.status == uncertain:
		d.Text = "unknown: too few acknowledgements"
	case r.status == other:
		d.Text = "not done: the node has booted since"
	case ok && req.op == opGet:
		d.Text = fmt.Sprintf("%s is %v", req.key, r.values)
		for _, v := range r.values {
			d.Asks = append(d.Asks, trace.Item{Key: req.key, Value: fmt.Sprint(v)})
		}
	case ok:
		d.Text = fmt.Sprintf("write %s=%d: done", req.key, req.value)
	}
	return d
}

// Describe says what a replica is to store. One of no round repairs what a read found stale.
func (w *write) Describe() trace.Description {
	d := trace.Description{Name: "write", Text: w.object.words(w.key), Carries: w.object.items(w.key)}
	if w.round == 0 {
		d.Name = "repair"
	}
	return d
}

// Describe says that a replica has stored.
func (a *ack) Describe() trace.Description { return trace.Description{Name: "ack", Text: "stored"} }

// Describe says what a replica is asked.
func (r *read) Describe() trace.Description {
	return trace.Description{Name: "read", Text: "what do you have of " + r.key, Asks: []trace.Item{{Key: r.key}}}
}

// Describe says what a replica has.
func (a *answer) Describe() trace.Description {
	return trace.Description{Name: "has", Text: a.object.words("the key")}
}

// Describe says what a home gets that another node has kept for it.
func (h *handoff) Describe() trace.Description {
	return trace.Description{Name: "handoff", Text: h.object.words(h.key), Carries: h.object.items(h.key)}
}

// Describe says what a home has taken over.
func (h *handed) Describe() trace.Description {
	return trace.Description{Name: "handed", Text: h.key + " is stored"}
}

// Describe says what a replica compares.
func (p *probe) Describe() trace.Description {
	return trace.Description{Name: "compare", Text: fmt.Sprintf("hashes of %d places of level %d of the tree", len(p.places), p.level), Idle: true}
}

// Describe says what a replica gets after a comparison.
func (b *bucket) Describe() trace.Description {
	d := trace.Description{Name: "sync", Text: fmt.Sprintf("%d keys of %d leaves of the tree", len(b.keys), len(b.leaves))}
	for i, key := range b.keys {
		d.Carries = append(d.Carries, b.objects[i].items(key)...)
	}
	return d
}

// Describe says what the harness asks for.
func (inquiry) Describe() trace.Description {
	return trace.Description{Name: "digest", Text: "a digest of all replicas", Idle: true}
}

// Describe says what a node asks for a digest.
func (c *census) Describe() trace.Description {
	return trace.Description{Name: "census", Text: "hashes of all that you hold", Idle: true}
}

// Describe says what it gets.
func (h *holdings) Describe() trace.Description {
	return trace.Description{Name: "holdings", Text: fmt.Sprintf("hashes of %d keys", len(h.keys)), Idle: true}
}

// Describe says that a node looks who is alive.
func (ping) Describe() trace.Description {
	return trace.Description{Name: "ping", Text: "are you alive", Idle: true}
}

// Describe says that a node is alive.
func (pong) Describe() trace.Description {
	return trace.Description{Name: "pong", Text: "alive", Idle: true}
}
