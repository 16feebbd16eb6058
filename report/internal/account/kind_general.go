package account

import (
	"time"

	"github.com/capsize-go/capsize/report/internal/wording"
)

// general describes any counterexample: its calls, the faults and the leaders.
var general = Kind{
	Name: "counterexample",
	is:   func(*scene) bool { return true },
	steps: func(s *scene) []Step {
		if len(s.calls) == 0 {
			return append(s.faultSteps(2), s.reasonStep(Unknown)...)
		}
		steps := s.leaderSteps(2)
		for i, c := range s.calls {
			switch {
			case i == s.blamed:
				steps = append(steps, s.answered(c, "where the rule was broken"))
			case len(c.wrote) == 0:
				steps = append(steps, s.callStep(c, "a call"))
			default:
				steps = append(steps, s.callStep(c, s.titleOf(c)))
			}
		}
		return append(steps, s.faultSteps(2)...)
	},
}

// reasonStep says what the check found, where there is nothing else to tell.
func (s *scene) reasonStep(at time.Duration) []Step {
	text := wording.Clean(s.reason(), 300)
	if text == "" {
		return nil
	}
	return []Step{{At: at, Decisive: true, Title: "what was found", Parts: say(stopped(text))}}
}
