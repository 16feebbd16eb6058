package percolator

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/trace"
)

// Describe says what the leader of a shard or of the oracle is asked.
func (a *ask) Describe() trace.Description {
	switch body := a.body.(type) {
	case *timestamp:
		return trace.Description{Name: "timestamp request", Text: "a timestamp"}
	case *read:
		return trace.Description{Name: "read", Text: fmt.Sprintf("%s as of %d", body.key, body.time), Asks: []trace.Item{{Key: body.key}}}
	case *command:
		d := trace.Description{Name: kindNames[body.Kind], Text: body.String()}
		for _, w := range body.Writes {
			d.Carries = append(d.Carries, trace.Item{Key: w.Key, Value: w.Value.String()})
		}
		return d
	}
	return trace.Description{Name: "request"}
}

var fateNames = [...]string{"done", "committed", "rolled back", "locked", "conflict: there is a later version"}

// Describe says what it answers.
func (r *reply) Describe() trace.Description {
	d := trace.Description{Name: "reply"}
	switch to := r.to.(type) {
	case *timestamp:
		d.Text = fmt.Sprintf("timestamp %d", r.time)
	case *read:
		if r.answer.fate == locked {
			d.Text = to.key + " is locked"
			break
		}
		d.Text = fmt.Sprintf("%s as of %d is %s", to.key, to.time, r.value)
		d.Asks = []trace.Item{{Key: to.key, Value: r.value.String()}}
	case *command:
		d.Text = fmt.Sprintf("%s: %s", to, fateNames[r.answer.fate])
	}
	return d
}
