package chainkv

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/cluster/trace"
)

// words says what a write asks for.
func (w write) words() string {
	if w.CAS {
		return fmt.Sprintf("cas %s %d→%d", w.Key, w.Old, w.Value)
	}
	return fmt.Sprintf("write %s=%d", w.Key, w.Value)
}

func (w write) item() trace.Item { return trace.Item{Key: w.Key, Value: fmt.Sprint(w.Value)} }

// Describe says what a client asks for.
func (r *request) Describe() trace.Description {
	if r.read {
		return trace.Description{Name: "request", Text: "read " + r.Key, Asks: []trace.Item{{Key: r.Key}}}
	}
	return trace.Description{Name: "request", Text: r.words(), Carries: []trace.Item{r.item()}}
}

// DescribeAnswer says what a node answers.
func (r response) DescribeAnswer(to any) trace.Description {
	d := trace.Description{Name: "answer"}
	req, ok := to.(*request)
	switch {
	case r.noChain:
		d.Text = "not done: no chain that works is known"
	case ok && req.read:
		d.Text = fmt.Sprintf("%s is %d", req.Key, r.value)
		d.Asks = []trace.Item{{Key: req.Key, Value: fmt.Sprint(r.value)}}
	case ok && req.CAS:
		d.Text = fmt.Sprintf("%s: found %d", req.words(), r.value)
	case ok:
		d.Text = req.words() + ": done"
	}
	return d
}

// Describe says what the head is to carry out.
func (u *update) Describe() trace.Description {
	return trace.Description{Name: "update", Text: fmt.Sprintf("%s, for %s", u.write.words(), u.via), Carries: []trace.Item{u.write.item()}}
}

// Describe says what the tail answers to the node that waits.
func (r *result) Describe() trace.Description {
	return trace.Description{Name: "result", Text: "the write is committed"}
}

// Describe says what the tail is asked.
func (q *question) Describe() trace.Description {
	return trace.Description{Name: "question", Text: "which version of " + q.key + " is committed", Term: q.epoch, Asks: []trace.Item{{Key: q.key}}}
}

// Describe says what the tail answers.
func (v *verdict) Describe() trace.Description {
	return trace.Description{Name: "verdict", Text: fmt.Sprintf("write %d is the committed version", v.index), Term: v.epoch}
}

// Describe says what a node that enters a chain gets.
func (i *install) Describe() trace.Description {
	d := trace.Description{Name: "install", Term: i.image.Place.Epoch}
	d.Text = fmt.Sprintf("the chain %s of epoch %d, and all up to write %d", strings.Join(i.nodes, " → "), i.image.Place.Epoch, i.image.Place.Index)
	kv, err := restore(i.image.State)
	if err != nil {
		d.Text += fmt.Sprintf(", which can't be read: %v", err)
		return d
	}
	for key, versions := range kv.Versions { // order: sorted below
		if len(versions) > 0 {
			d.Carries = append(d.Carries, trace.Item{Key: key, Value: fmt.Sprint(versions[len(versions)-1].Value)})
		}
	}
	slices.SortFunc(d.Carries, func(a, b trace.Item) int { return strings.Compare(a.Key, b.Key) })
	return d
}

// Describe says which writes go down the chain.
func (p *pass) Describe() trace.Description {
	if len(p.entries) == 0 {
		return trace.Description{Name: "pulse", Text: fmt.Sprintf("pulse %d of the head", p.pulse), Term: p.epoch, Idle: true}
	}
	d := trace.Description{Name: "pass", Term: p.epoch}
	var all []string
	for _, e := range p.entries {
		all = append(all, fmt.Sprintf("%d: %s", e.Index, e.Write.words()))
		d.Carries = append(d.Carries, e.Write.item())
	}
	d.Text = strings.Join(all, ", ")
	return d
}

// Describe says what a node and the tail have.
func (a *ack) Describe() trace.Description {
	return trace.Description{Name: "ack", Text: fmt.Sprintf("has all up to write %d, and the tail up to %d", a.have, a.commit), Term: a.epoch}
}

// Describe says what a node that wants another chain asks for.
func (c *claim) Describe() trace.Description {
	if c.asking {
		return trace.Description{Name: "pre-vote request", Text: fmt.Sprintf("would you promise a chain of epoch %d", c.epoch), Term: c.epoch}
	}
	return trace.Description{Name: "vote request", Text: fmt.Sprintf("promise a chain of epoch %d", c.epoch), Term: c.epoch}
}

// Describe says what it gets.
func (g *grant) Describe() trace.Description {
	return trace.Description{Name: "vote", Text: fmt.Sprintf("yes to epoch %d; has all up to write %d of epoch %d", g.epoch, g.place.Index, g.place.Epoch), Term: g.epoch}
}

// Describe says which chain begins.
func (f *form) Describe() trace.Description {
	return trace.Description{Name: "form", Text: fmt.Sprintf("be the head of %s in epoch %d", strings.Join(f.nodes, " → "), f.epoch), Term: f.epoch}
}

// Describe says which chain works.
func (b *beat) Describe() trace.Description {
	return trace.Description{Name: "heartbeat", Text: fmt.Sprintf("the chain %s works", strings.Join(b.nodes, " → ")), Term: b.epoch, Idle: true}
}

// Describe says which chain a node supports.
func (s *support) Describe() trace.Description {
	return trace.Description{Name: "heartbeat ack", Text: fmt.Sprintf("supports epoch %d", s.epoch), Term: s.epoch, Idle: true}
}

// Describe says what the harness asks for.
func (inquiry) Describe() trace.Description {
	return trace.Description{Name: "digest", Text: "a digest of the state", Idle: true}
}
