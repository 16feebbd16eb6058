package account

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/report/internal/wording"
)

// dependencies are transactions that depend on each other in a circle.
var dependencies = Kind{
	Name: "circle of transactions",
	is:   func(s *scene) bool { return s.Why != nil && len(s.Why.Links) > 0 && len(s.calls) == len(s.Why.Calls) },
	steps: func(s *scene) []Step {
		var steps []Step
		for i, c := range s.calls {
			steps = append(steps, s.transactionStep(i, c))
		}
		return append(append(steps, s.faultSteps(2)...), s.circleStep())
	},
}

// transactionStep says what a transaction did, and before which others it must come for what it observed.
func (s *scene) transactionStep(i int, c call) Step {
	step := Step{
		At: c.Invoke.Time, Title: fmt.Sprintf("transaction T%d", i+1), weight: 100,
		Calls: []int{c.Invoke.Index}, From: c.Invoke.Time, To: s.ended(c), Messages: s.messagesOf(c, nil),
	}
	step.Parts = say(fmt.Sprintf("T%d, process %d", i+1, c.Invoke.Process))
	if node := s.server(c); node != "" {
		step.Parts = append(step.Parts, say(" at ", name(node))...)
	}
	step.Parts = append(step.Parts, say(": ", strong(wording.Label(c.Call, s.key())), ".")...)
	for _, l := range s.Why.Links {
		if l.From == i {
			step.Parts = append(step.Parts, say(fmt.Sprintf(" It %s, so it comes before T%d.", wording.Clean(l.Reason, 200), l.To+1))...)
		}
	}
	return step
}

// circleStep says that the transactions can't be put into an order.
func (s *scene) circleStep() Step {
	var order []string
	for _, l := range s.Why.Links {
		order = append(order, fmt.Sprintf("T%d", l.From+1))
	}
	order = append(order, fmt.Sprintf("T%d", s.Why.Links[len(s.Why.Links)-1].To+1))
	last := s.calls[0].Invoke.Time
	for _, c := range s.calls {
		last = max(last, s.ended(c))
	}
	return Step{At: last, Title: "no order fits", Decisive: true, Parts: say("Each comes before the next: ", strong(strings.Join(order, " → ")), ". That is a circle, so no order of them fits.")}
}
