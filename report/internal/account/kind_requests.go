package account

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/report/internal/wording"
)

// freeze is a request that waits for what other requests hold, and never gets it.
var freeze = Kind{
	Name: "freeze",
	is: func(s *scene) bool {
		return slices.ContainsFunc(s.calls, func(c call) bool { return operation(c.Call) == "wait" })
	},
	steps: func(s *scene) []Step {
		var steps []Step
		for i, c := range s.calls {
			steps = append(steps, s.spanStep(c, i == s.lastWait()))
		}
		return append(steps, s.faultSteps(1)...)
	},
}

// lastWait is the index of the last call that waits.
func (s *scene) lastWait() int {
	last := -1
	for i, c := range s.calls {
		if operation(c.Call) == "wait" {
			last = i
		}
	}
	return last
}

// spanStep describes one span of a request: that it was asked for, that it holds something, that it waits.
func (s *scene) spanStep(c call, decisive bool) Step {
	m := asked(c.Call)
	at, _ := m["at"].(string)
	route, _ := m["route"].(string)
	id := fmt.Sprintf("request %v", m["id"])
	step := Step{At: c.Invoke.Time, weight: 60, Decisive: decisive, Calls: []int{c.Invoke.Index}, From: c.Invoke.Time, To: c.Invoke.Time}
	open := c.Complete.Type == history.Info
	switch operation(c.Call) {
	case "request":
		step.Title, step.Parts = "a request", say("A client sent ", strong(id), " for ", value(route), ".")
	case "hold":
		step.Title, step.Parts = "it holds one", say(upper(id), " got ", s.units(m), " of the ", strong(at), s.until(c, ", and gave it back", ", and did not give it back"), ".")
	case "wait":
		step.Title, step.Parts = "it waits", say(upper(id), " waited for one of the ", strong(at), s.until(c, s.waited(c), ", and did not get it"), ".")
		if decisive && open {
			step.Title = "it waits for ever"
			step.Parts = append(step.Parts, say(s.holdersOf(at, c))...)
		}
	default:
		step.Title, step.Parts = "a call", say(s.did(c), ".")
	}
	return step
}

func (s *scene) units(m map[string]any) string {
	if n := number(m["n"]); n > 1 {
		return fmt.Sprint(n)
	}
	return "one"
}

// waited says how long a call took: ", for 2s".
func (s *scene) waited(c call) string {
	if s.Ordered {
		return ", and got it"
	}
	return ", for " + wording.Short(c.Complete.Time-c.Invoke.Time)
}

func (s *scene) until(c call, ended, open string) string {
	if c.Complete.Type == history.Info {
		return open
	}
	return ended
}

// holdersOf says which requests held all that there was while a call waited.
func (s *scene) holdersOf(at string, c call) string {
	var ids []string
	for _, h := range s.calls {
		m := asked(h.Call)
		if operation(h.Call) == "hold" && m["at"] == at && h.Invoke.Time <= c.Invoke.Time && h.Complete.Time >= c.Complete.Time {
			ids = append(ids, fmt.Sprint(m["id"]))
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	switch len(ids) {
	case 0:
		return ""
	case 1:
		return " Request " + ids[0] + " held it all the time."
	}
	return " Requests " + wording.Enumerated(ids) + " held them all the time."
}

// retryStorm is a request that became many attempts.
var retryStorm = Kind{
	Name: "retry storm",
	is: func(s *scene) bool {
		n := 0
		for _, c := range s.calls {
			if operation(c.Call) == "attempt" {
				n++
			}
		}
		return n > 1 && operation(s.calls[0].Call) == "request"
	},
	steps: func(s *scene) []Step {
		id := asked(s.calls[0].Call)["id"]
		steps := []Step{s.spanStep(s.calls[0], false)}
		for _, f := range s.faultsIn(0, s.to) {
			steps = append(steps, s.faultStep(f))
		}
		return append(steps, s.attemptSteps(id)...)
	},
}

// attemptSteps tells, for each depth, how many attempts were made for a request, and what became known of them.
func (s *scene) attemptSteps(id any) []Step {
	byDepth := map[int64][]history.Call{}
	for c := range s.History.Calls() {
		if operation(c) != "attempt" {
			continue
		}
		m := asked(c)
		if fmt.Sprint(m["id"]) == fmt.Sprint(id) {
			byDepth[number(m["depth"])] = append(byDepth[number(m["depth"])], c)
		}
	}
	var steps []Step
	depths := sorting.Keys(byDepth)
	for i, d := range depths {
		steps = append(steps, s.depthStep(byDepth[d], i == len(depths)-1))
	}
	return steps
}

func (s *scene) depthStep(calls []history.Call, deepest bool) Step {
	step := Step{At: calls[0].Invoke.Time, Title: "attempts", weight: 70, Decisive: deepest, From: calls[0].Invoke.Time, To: calls[0].Invoke.Time}
	okay, last := 0, calls[0].Invoke.Time
	var to []string
	for _, c := range calls {
		m := asked(c)
		at, _ := m["at"].(string)
		to = append(to, at)
		step.Calls = append(step.Calls, c.Invoke.Index)
		last = max(last, c.Invoke.Time)
		if c.Complete.Type == history.OK {
			okay++
		}
	}
	slices.Sort(to)
	to = slices.Compact(to)
	by, _ := asked(calls[0])["by"].(string)
	if deepest {
		step.At, step.Title = last, "all attempts"
	}
	step.Parts = say(strong(by), " tried ", names(to), " ", strong(times(len(calls))), succeeded(okay, len(calls)))
	if len(step.Calls) > 20 {
		step.Calls = step.Calls[:20]
	}
	return step
}

// succeeded says how many of all attempts did.
func succeeded(n, all int) string {
	switch {
	case all == 1 && n == 0:
		return ", and that failed."
	case n == 0:
		return " for this one request. None of these attempts succeeded."
	case n == all:
		return " for this one request. All succeeded."
	}
	return fmt.Sprintf(" for this one request. %d of these attempts succeeded.", n)
}

// noProgress is a cluster that answers no more though all faults are healed.
var noProgress = Kind{
	Name: "no progress",
	is:   func(s *scene) bool { return s.Checker == "progress" },
	steps: func(s *scene) []Step {
		var steps []Step
		if n := len(s.Faults); n > 0 {
			last := s.Faults[0]
			for _, f := range s.Faults {
				if f.To > last.To {
					last = f
				}
			}
			steps = append(steps, Step{At: last.To, Title: "the last fault is healed", weight: 60, Parts: say("The last fault was healed: ", strong(last.Name), ".")})
		}
		steps = append(steps, s.lastAnswers()...)
		return append(steps, s.reasonStep(Unknown)...)
	},
}

// lastAnswers describes the nodes that the reason names when they last answered.
func (s *scene) lastAnswers() []Step {
	last := map[string]history.Call{}
	pending := map[string]int{}
	for c := range s.History.Calls() {
		if c.Complete.Type == history.OK && c.Complete.Time > last[c.Invoke.Node].Complete.Time {
			last[c.Invoke.Node] = c
		}
	}
	for c := range s.History.Calls() {
		if c.Complete.Type != history.OK && c.Invoke.Time > last[c.Invoke.Node].Complete.Time {
			pending[c.Invoke.Node]++
		}
	}
	var steps []Step
	for _, node := range sorting.Keys(last) {
		if node == "" || !slices.Contains(strings.FieldsFunc(s.reason(), func(r rune) bool { return strings.ContainsRune(" ,.:;", r) }), node) {
			continue
		}
		c := last[node]
		steps = append(steps, Step{At: c.Complete.Time, Title: "the last answer", weight: 70, Calls: []int{c.Invoke.Index}, From: c.Complete.Time, To: c.Complete.Time,
			Parts: lastAnswer(node, pending[node])})
	}
	return steps[:min(3, len(steps))]
}

// lastAnswer says that a node answered no more, and how many calls waited for it in vain.
func lastAnswer(node string, pending int) []Part {
	if pending == 0 {
		return say(strong(node), " answered for the last time.")
	}
	return say(strong(node), " answered for the last time: "+wording.Plural(pending, "later call")+" had no answer.")
}
