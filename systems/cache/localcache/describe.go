package localcache

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/trace"
)

// version returns a version as histories show it.
func version(n int) string { return fmt.Sprint("v", n) }

// Describe says what a client asks a server for.
func (r readRow) Describe() trace.Description {
	return trace.Description{Name: "request", Text: "read " + r.key, Asks: []trace.Item{{Key: r.key}}}
}

// Describe says what a client asks a server for.
func (w writeRow) Describe() trace.Description {
	return trace.Description{Name: "request", Text: "write the next version of " + w.key}
}

// DescribeAnswer says what a server answers.
func (a answer) DescribeAnswer(to any) trace.Description {
	d := trace.Description{Name: "answer"}
	req, reads := to.(readRow)
	switch {
	case a.err != nil:
		d.Text = a.err.Error()
	case reads:
		d.Text = fmt.Sprintf("%s is %s", req.key, version(a.row.Version))
		d.Asks = []trace.Item{{Key: req.key, Value: version(a.row.Version)}}
		if a.loads == 0 {
			d.Text += ", from the cache"
		}
	default:
		d.Text = version(a.row.Version) + " is written"
	}
	return d
}

// Describe says what a server asks the database for.
func (f fetch) Describe() trace.Description {
	return trace.Description{Name: "load", Text: "load " + f.key, Asks: []trace.Item{{Key: f.key}}}
}

// Describe says what a server asks the database for.
func (c commit) Describe() trace.Description {
	return trace.Description{Name: "write", Text: "write the next version of " + c.key}
}

// Describe says what a client wants to know.
func (l loadsOf) Describe() trace.Description {
	return trace.Description{Name: "loads", Text: "when was " + l.key + " loaded"}
}

// DescribeAnswer says which row the database has.
func (r Row) DescribeAnswer(to any) trace.Description {
	switch req := to.(type) {
	case fetch:
		return trace.Description{
			Name: "row", Text: fmt.Sprintf("%s is %s", req.key, version(r.Version)),
			Asks: []trace.Item{{Key: req.key, Value: version(r.Version)}},
		}
	case commit:
		return trace.Description{
			Name: "written", Text: fmt.Sprintf("%s is %s now", req.key, version(r.Version)),
			Carries: []trace.Item{{Key: req.key, Value: version(r.Version)}},
		}
	}
	return trace.Description{Name: "row", Text: version(r.Version)}
}
