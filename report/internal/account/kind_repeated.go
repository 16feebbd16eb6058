package account

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/cluster/trace"
)

// repeatedEffect is a request that was sent again and applied again.
var repeatedEffect = Kind{
	Name: "repeated effect",
	is:   func(s *scene) bool { _, ok := s.sentAgain(); return ok },
	steps: func(s *scene) []Step {
		again, _ := s.sentAgain()
		steps := s.leaderSteps(2)
		for i, c := range s.calls {
			switch {
			case i == s.blamed:
				steps = append(steps, s.answered(c, "it was applied again"))
			case c.Invoke.Index == again.Invoke.Index:
				steps = append(steps, s.callStep(c, "a request that was sent again"), s.againStep(c))
			default:
				steps = append(steps, s.callStep(c, "a newer write"))
			}
		}
		return append(steps, s.faultSteps(1)...)
	},
}

// sentAgain returns the write whose value the call to blame saw, if more than one of its requests was delivered.
func (s *scene) sentAgain() (c call, ok bool) {
	if s.blamed < 0 {
		return c, false
	}
	c, ok = s.writer(s.sawOf(s.calls[s.blamed]), s.calls[s.blamed].Invoke.Time)
	return c, ok && len(s.reached(c)) > 1
}

// reached returns the requests of a write that were delivered.
func (s *scene) reached(c call) []trace.Message {
	return slices.DeleteFunc(slices.Clone(c.requests), func(m trace.Message) bool { return m.Lost != "" || len(m.Carries) == 0 })
}

// againStep tells how often a request was delivered.
func (s *scene) againStep(c call) Step {
	all := s.reached(c)
	last := all[len(all)-1]
	step := Step{At: last.At, Title: "the request arrives again", weight: 70, From: last.Sent, To: last.At}
	for _, m := range c.requests {
		step.Messages = append(step.Messages, m.ID)
	}
	step.Parts = say(fmt.Sprintf("Process %d's request for ", c.Invoke.Process), strong(c.wrote[0].Value), fmt.Sprintf(" was sent %s and delivered %s, the last time to ", times(len(c.requests)), times(len(all))), strong(last.To), ".")
	if m, ok := s.sentOn(c, last); ok {
		step.Parts = append(step.Parts, say(" After that, "+name(m.From)+" sent it to other nodes once more.")...)
		step.Messages, step.To = append(step.Messages, m.ID), m.At
	}
	return step
}

// sentOn returns the first message after a repeated request by which a node sent the write to another one, and that is no
// request itself.
func (s *scene) sentOn(c call, last trace.Message) (trace.Message, bool) {
	for _, m := range s.Trace.Messages {
		if m.Sent >= last.At && m.Sent <= s.to && m.Name != last.Name && carries(m, c.wrote[0]) && slices.Contains(s.nodes, m.From) && slices.Contains(s.nodes, m.To) {
			return m, true
		}
	}
	return trace.Message{}, false
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprint(n, " times")
}
