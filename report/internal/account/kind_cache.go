package account

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report/internal/wording"
)

// staleCopy is an answer of a cache that an acknowledged write had replaced.
var staleCopy = Kind{
	Name: "stale copy",
	is: func(s *scene) bool {
		if s.blamed < 0 || operation(s.calls[s.blamed].Call) != "read" {
			return false
		}
		_, ok := version(s.calls[s.blamed].Complete.Output)
		return ok
	},
	steps: func(s *scene) []Step {
		var steps []Step
		s.copies = true
		for i, c := range s.calls {
			switch {
			case i == s.blamed:
				steps = append(steps, s.copyStep(c, true))
			case operation(c.Call) == "read":
				steps = append(steps, s.copyStep(c, false))
			default:
				steps = append(steps, s.callStep(c, "a newer version"))
			}
		}
		return append(steps, s.faultSteps(1)...)
	},
}

// copyStep tells what a read was answered, by which cache, and when the database had given that out.
func (s *scene) copyStep(c call, decisive bool) Step {
	step := Step{At: c.Invoke.Time, Title: "an older load", weight: 60, Decisive: decisive,
		Calls: []int{c.Invoke.Index}, From: c.Invoke.Time, To: s.ended(c), Messages: s.messagesOf(c, nil)}
	if decisive {
		step.Title, step.At = "stale read", s.ended(c)
	}
	v, ok := version(c.Complete.Output)
	if !ok || c.Complete.Type != history.OK {
		step.Parts = say(s.did(c), ".")
		return step
	}
	m := wording.Fields(c.Complete.Output)
	from, _ := m["from"].(string)
	made := nanoseconds(m["made"])
	switch {
	case from != "" && decisive:
		step.Parts = say(strong(from), fmt.Sprintf(" answered process %d with ", c.Invoke.Process), strong(v), ".")
	case from != "":
		step.Parts = say(fmt.Sprintf("Process %d read ", c.Invoke.Process), strong(v), " from ", name(from), ".")
	case number(m["loads"]) > 0 && made >= c.Invoke.Time && made <= s.ended(c) && !s.Ordered:
		step.Parts = say(fmt.Sprintf("Process %d read ", c.Invoke.Process), strong(v), " from the database, which gave it out at "+Instant(made)+".")
		return step
	case number(m["loads"]) > 0:
		step.Parts = say(fmt.Sprintf("Process %d read ", c.Invoke.Process), strong(v), " from the database.")
	default:
		step.Parts = say(fmt.Sprintf("Process %d read ", c.Invoke.Process), strong(v), ".")
	}
	if made > 0 && made <= s.ended(c) && !s.Ordered {
		step.Parts = append(step.Parts, say(s.givenOut(made, decisive))...)
	}
	return step
}

// givenOut says when the database gave out an answer: before the newer version was written, if that is so.
func (s *scene) givenOut(made time.Duration, decisive bool) string {
	text := " The database had given it out at " + Instant(made)
	for _, c := range s.calls {
		if operation(c.Call) != "write" || c.Complete.Type != history.OK || made > c.Complete.Time || !decisive {
			continue
		}
		if v, ok := version(c.Complete.Output); ok {
			return fmt.Sprintf("%s, %s before %s was acknowledged.", text, wording.Short(c.Complete.Time-made), v)
		}
	}
	return text + "."
}

func nanoseconds(v any) time.Duration { return time.Duration(number(v)) }

func number(v any) int64 {
	n, ok := v.(json.Number)
	if !ok {
		return 0
	}
	i, err := n.Int64()
	if err != nil {
		return 0
	}
	return i
}

// loadsAtOnce is a key that was loaded from the database many times at once: a thundering herd, or cache stampede.
var loadsAtOnce = Kind{
	Name: "loads at once",
	is: func(s *scene) bool {
		return len(s.calls) > 0 && operation(s.calls[len(s.calls)-1].Call) == "loads"
	},
	steps: func(s *scene) []Step {
		var steps []Step
		for _, c := range s.calls {
			loaded, _ := wording.Fields(c.Complete.Output)["loaded_at"].([]any)
			if len(loaded) == 0 {
				continue
			}
			steps = append(steps, s.loadSteps(c, loaded)...)
		}
		if len(steps) == 0 {
			return s.reasonStep(Unknown)
		}
		steps[len(steps)-1].Decisive = true
		return steps
	},
}

// loadSteps describes the first loads, and of the densest second.
func (s *scene) loadSteps(c call, loaded []any) []Step {
	first := nanoseconds(loaded[0])
	waiting := s.readersAt(c.Invoke.Key, first)
	steps := []Step{{At: first, Title: "the first load", weight: 60, From: first, To: first,
		Parts: say("The first read of ", strong(c.Invoke.Key), " went to the database.", s.atOnce(waiting))}}
	at, n := densest(loaded, time.Second)
	if n > 1 {
		steps = append(steps, Step{At: at, Title: "loads at once", weight: 70, From: at, To: at,
			Parts: say(strong(wording.Count(n)), " loads of ", strong(c.Invoke.Key), " went to the database within 1s.", s.atOnce(s.readersAt(c.Invoke.Key, at)))})
	}
	return steps
}

func (s *scene) atOnce(readers int) string {
	if readers < 2 {
		return ""
	}
	return fmt.Sprintf(" %s of that key were pending.", wording.Plural(readers, "read"))
}

// readersAt counts the reads of a key that were pending at an instant.
func (s *scene) readersAt(key string, at time.Duration) (n int) {
	for c := range s.History.Calls() {
		if c.Invoke.Key == key && operation(c) == "read" && c.Invoke.Time <= at && c.Complete.Time >= at {
			n++
		}
	}
	return n
}

// densest returns when the most instants lie within a stretch, and how many do.
func densest(instants []any, within time.Duration) (at time.Duration, n int) {
	from := 0
	for i := range instants {
		for nanoseconds(instants[i])-nanoseconds(instants[from]) > within {
			from++
		}
		if i-from+1 > n {
			at, n = nanoseconds(instants[from]), i-from+1
		}
	}
	return at, n
}
