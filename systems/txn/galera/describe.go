package galera

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/trace"
)

// Describe says what is to be ordered.
func (w *writeSet) Describe() trace.Description {
	d := trace.Description{Name: "write set", Text: w.String()}
	for _, x := range w.Writes {
		item := trace.Item{Key: x.Key, Value: fmt.Sprint(x.Value.Register)}
		if x.Value.List != nil {
			item.Value = fmt.Sprint(x.Value.List)
		}
		d.Carries = append(d.Carries, item)
	}
	return d
}

// Describe says what the order decided.
func (o *ordered) Describe() trace.Description {
	if o.won {
		return trace.Description{Name: "ordered", Text: "the write set is ordered, and commits"}
	}
	return trace.Description{Name: "ordered", Text: "the write set lost against an earlier one"}
}
