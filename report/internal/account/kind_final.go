package account

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report/internal/wording"
)

// finalReads are reads after the end of the workload that ought to agree, and do not.
var finalReads = Kind{
	Name: "final reads",
	is: func(s *scene) bool {
		some := false
		for _, c := range s.calls {
			all, ok := elements(c)
			if operation(c.Call) != "final" || !ok {
				return false
			}
			some = some || len(all) > 0
		}
		return len(s.calls) > 1 && s.blamed >= 0 && some
	},
	steps: func(s *scene) []Step {
		var steps []Step
		for i, c := range s.calls {
			steps = append(steps, s.finalStep(c, i == s.blamed))
		}
		s.from, s.to = 0, s.End
		return append(steps, s.faultSteps(2)...)
	},
}

// finalStep tells what a final read returned, and of the decisive one in what it differs from the others.
func (s *scene) finalStep(c call, decisive bool) Step {
	step := Step{At: c.Invoke.Time, Title: "a final read", weight: 60, Decisive: decisive, Calls: []int{c.Invoke.Index}, From: c.Invoke.Time, To: s.ended(c)}
	mine, _ := elements(c)
	step.Parts = say("In the end, ", fmt.Sprintf("process %d read ", c.Invoke.Process), strong(listed(mine)))
	if node := s.server(c); node != "" {
		step.Parts = append(step.Parts, say(" at ", name(node))...)
	}
	step.Parts = append(step.Parts, say(".")...)
	if !decisive {
		return step
	}
	for _, other := range s.calls {
		theirs, _ := elements(other)
		who := fmt.Sprintf("process %d", other.Invoke.Process)
		if more := without(mine, theirs); len(more) > 0 {
			step.Parts = append(step.Parts, say(" "+upper(who)+" did not read ", strong(few(more)), ".")...)
		}
		if more := without(theirs, mine); len(more) > 0 {
			step.Parts = append(step.Parts, say(" Only "+who+" read ", strong(few(more)), ".")...)
		}
	}
	return step
}

// elements returns the list that a call was answered, alone or as the only field of an object.
func elements(c call) ([]string, bool) {
	if c.Complete.Type != history.OK {
		return nil, false
	}
	answer := wording.JSON(c.Complete.Output)
	if m, ok := answer.(map[string]any); ok && len(m) == 1 {
		for _, v := range m {
			answer = v
		}
	}
	list, ok := answer.([]any)
	ok = ok || answer == nil // a list that has no element
	var all []string
	for _, x := range list {
		all = append(all, wording.Plain(x))
	}
	return all, ok
}

// listed formats a list as JSON does.
func listed(all []string) string {
	var raw []json.RawMessage
	for _, v := range all {
		if !json.Valid([]byte(v)) {
			quoted, _ := json.Marshal(v) // a string always can be
			v = string(quoted)
		}
		raw = append(raw, json.RawMessage(v))
	}
	if raw == nil {
		return "[]"
	}
	return wording.Ends(wording.Plain(raw), longest)
}

// without returns the elements of a that b has not.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(v string) bool { return slices.Contains(b, v) })
}

// few names some values, and counts the rest.
func few(values []string) string {
	const most = 4
	if n := len(values); n > most {
		return wording.Enumerated(append(slices.Clone(values[:most]), fmt.Sprintf("%s more", wording.Count(n-most))))
	}
	return wording.Enumerated(values)
}
