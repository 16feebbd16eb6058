package cachekv

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/trace"
)

// version returns a version as histories show it.
func version(n int) string { return fmt.Sprint("v", n) }

// Describe says what the database is asked.
func (l load) Describe() trace.Description {
	return trace.Description{Name: "load", Text: "load " + l.key, Asks: []trace.Item{{Key: l.key}}}
}

// Describe says what the database is to write.
func (n next) Describe() trace.Description {
	return trace.Description{Name: "write", Text: "write the next version of " + n.key}
}

// Describe says what a client wants to know.
func (w when) Describe() trace.Description {
	return trace.Description{Name: "loads", Text: "when was " + w.key + " loaded"}
}

// Describe says what a replica of the database asks for.
func (p pull) Describe() trace.Description {
	return trace.Description{Name: "pull", Text: fmt.Sprintf("the changes after %d", p.from), Idle: true}
}

// Describe says what it gets.
func (b batch) Describe() trace.Description {
	d := trace.Description{Name: "changes", Text: fmt.Sprintf("changes %d to %d", b.from+1, b.from+len(b.changes))}
	for _, c := range b.changes {
		d.Carries = append(d.Carries, trace.Item{Key: c.Key, Value: version(c.Version)})
	}
	return d
}

// DescribeAnswer says which row the database has.
func (r row) DescribeAnswer(to any) trace.Description {
	switch req := to.(type) {
	case load:
		return trace.Description{
			Name: "row", Text: fmt.Sprintf("%s is %s", req.key, version(r.version)),
			Asks: []trace.Item{{Key: req.key, Value: version(r.version)}},
		}
	case next:
		return trace.Description{
			Name: "written", Text: fmt.Sprintf("%s is %s now", req.key, version(r.version)),
			Carries: []trace.Item{{Key: req.key, Value: version(r.version)}},
		}
	}
	return trace.Description{Name: "row", Text: version(r.version)}
}

// Describe says what a cache is asked.
func (g get) Describe() trace.Description {
	d := trace.Description{Name: "get", Text: "get " + g.key, Asks: []trace.Item{{Key: g.key}}}
	if g.leaseFor > 0 {
		d.Text += ", with a lease if it is missing"
	}
	return d
}

// DescribeAnswer says what a cache has.
func (e entry) DescribeAnswer(to any) trace.Description {
	d := trace.Description{Name: "miss", Text: "miss"}
	if e.hit {
		d.Name, d.Text = "hit", "hit: "+version(e.row.version)
		if req, ok := to.(get); ok {
			d.Asks = []trace.Item{{Key: req.key, Value: version(e.row.version)}}
		}
	}
	switch {
	case e.lease != 0:
		d.Text += ", with a lease"
	case e.busy:
		d.Text += ": another client has the lease"
	}
	return d
}

// Describe says what a cache is to keep.
func (p put) Describe() trace.Description {
	return trace.Description{
		Name: "put", Text: fmt.Sprintf("put %s of %s", version(p.entry.row.version), p.key),
		Carries: []trace.Item{{Key: p.key, Value: version(p.entry.row.version)}},
	}
}

// Describe says what a cache is to drop.
func (d drop) Describe() trace.Description {
	text := "drop " + d.Key
	if d.Version > 0 {
		text += fmt.Sprintf(", which is %s now", version(d.Version))
	}
	return trace.Description{Name: "drop", Text: text}
}

// Describe says what a cache has dropped.
func (d dropped) Describe() trace.Description {
	return trace.Description{Name: "dropped", Text: "dropped " + d.key}
}

// Describe says that a cache has done what it was asked for.
func (done) Describe() trace.Description { return trace.Description{Name: "done", Text: "done"} }
