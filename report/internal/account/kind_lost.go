package account

import (
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/history"
)

// lostWrite is an acknowledged write that is gone after nodes crashed.
var lostWrite = Kind{
	Name: "lost write",
	is: func(s *scene) bool {
		read, newer, ok := s.replaced()
		return ok && s.crashed(newer.Complete.Time, read.Invoke.Time)
	},
	steps: func(s *scene) []Step {
		read, newer, _ := s.replaced()
		steps := s.staleSteps("the write is gone")
		last := &steps[len(steps)-1]
		v := newer.wrote[0].Value
		if text := s.unsynced(newer); text != "" {
			for i := range steps {
				if steps[i].Title == "a crash" && steps[i].At >= newer.Complete.Time {
					steps[i].Parts = append(steps[i].Parts, say(" ", text)...)
					break
				}
			}
		}
		if !s.seenAfter(newer.wrote[0].Key, v, read.Invoke.Time) {
			last.Parts = append(last.Parts, say(" No later call saw ", strong(v), ".")...)
		}
		return steps
	},
}

// unsynced says which of the nodes that had a write crashed before they had synced their disks once more; it is empty if the
// trace does not show that.
func (s *scene) unsynced(c call) string {
	var hosts []string
	all := s.holders(c.wrote[0], c.Invoke.Time, s.ended(c))
	for _, h := range all {
		if s.lostUnsynced(h) {
			hosts = append(hosts, h.Node)
		}
	}
	slices.Sort(hosts)
	switch n := len(hosts); {
	case n == 0:
		return ""
	case n == len(all) && n > 1:
		return "No node that had " + value(c.wrote[0].Value) + " had synced it."
	}
	return upper(names(hosts)) + " had not synced " + value(c.wrote[0].Value) + "."
}

// lostUnsynced reports whether a node crashed after it had received a write, and did not sync its disk in between.
func (s *scene) lostUnsynced(h holding) bool {
	for _, e := range s.Trace.Events {
		if e.Host != h.Node || e.At < h.At {
			continue
		}
		switch e.Kind {
		case trace.Sync:
			return false
		case trace.Crash:
			return true
		}
	}
	return false
}

// crashed reports whether some node crashed between two instants.
func (s *scene) crashed(from, to time.Duration) bool {
	for _, e := range s.Trace.Events {
		if e.Kind == trace.Crash && e.At >= from && e.At <= to {
			return true
		}
	}
	for _, f := range s.Faults {
		if stops(f.Name) && f.From >= from && f.From <= to {
			return true
		}
	}
	return false
}

// seenAfter reports whether a call that began at an instant or later was answered a value of a key.
func (s *scene) seenAfter(key, value string, from time.Duration) bool {
	for c := range s.History.Calls() {
		if c.Invoke.Key != key || c.Invoke.Time < from || c.Complete.Type != history.OK {
			continue
		}
		for _, v := range seen(c) {
			if v == value {
				return true
			}
		}
	}
	return false
}

// failedWrite is a write that was reported as failed, and came back.
var failedWrite = Kind{
	Name: "failed write",
	is:   func(s *scene) bool { _, ok := s.cameBack(); return ok },
	steps: func(s *scene) []Step {
		failed, _ := s.cameBack()
		steps := s.leaderSteps(2)
		for i, c := range s.calls {
			switch {
			case i == s.blamed:
				steps = append(steps, s.answered(c, "it came back"))
			case c.Invoke.Index == failed.Invoke.Index:
				steps = append(steps, s.failedStep(c))
			default:
				steps = append(steps, s.callStep(c, s.titleOf(c)))
			}
		}
		steps = append(steps, s.spread(failed)...)
		return append(steps, s.faultSteps(2)...)
	},
}

// cameBack returns the failed write that the call to blame saw.
func (s *scene) cameBack() (failed call, ok bool) {
	if s.blamed < 0 {
		return failed, false
	}
	for _, c := range s.calls {
		for _, w := range c.wrote {
			for _, v := range s.calls[s.blamed].saw {
				if c.Complete.Type == history.Fail && w.Value == v {
					return c, true
				}
			}
		}
	}
	return failed, false
}

// failedStep describes a write that failed, and where it was all the same.
func (s *scene) failedStep(c call) Step {
	step := s.callStep(c, "a write that failed")
	lost := 0
	for _, m := range s.Trace.Messages {
		if m.Lost != "" && m.Sent >= c.Invoke.Time && m.Sent <= s.ended(c) && carries(m, c.wrote[0]) {
			lost++
			step.Messages = append(step.Messages, m.ID)
		}
	}
	switch {
	case lost == 1:
		step.Parts = append(step.Parts, say(" One message that carried it was lost.")...)
	case lost > 1:
		step.Parts = append(step.Parts, say(fmt.Sprintf(" %d messages that carried it were lost.", lost))...)
	}
	return step
}

func carries(m trace.Message, item trace.Item) bool {
	for _, i := range m.Carries {
		if i == item {
			return true
		}
	}
	return false
}

// spread tells when a node first received a write after it had failed.
func (s *scene) spread(failed call) []Step {
	item := failed.wrote[0]
	for _, m := range s.Trace.Messages {
		if m.Lost != "" || m.Sent <= s.ended(failed) || m.At > s.to || !carries(m, item) {
			continue
		}
		return []Step{{At: m.Sent, Title: "the write spreads", weight: 55, Messages: []uint64{m.ID}, From: m.Sent, To: m.At,
			Parts: say(name(m.From), " sent ", strong(item.Value), " to ", strong(m.To), ".")}}
	}
	return nil
}

// neverWritten is a value that no call of the history wrote.
var neverWritten = Kind{
	Name: "never written",
	is: func(s *scene) bool {
		if s.blamed < 0 {
			return false
		}
		v := s.sawOf(s.calls[s.blamed])
		return v != "" && v != "0" && v != "nil" && v != "v0" && s.onlyReadsAndWrites() && !s.wroteAny(v) && len(seen(s.calls[s.blamed].Call)) == 1
	},
	steps: func(s *scene) []Step {
		steps := general.steps(s)
		for i := range steps {
			if steps[i].Decisive {
				steps[i].Parts = append(steps[i].Parts, say(" No call wrote ", strong(s.sawOf(s.calls[s.blamed])), ".")...)
			}
		}
		return steps
	},
}

// wroteAny reports whether some call of the history wrote a value to the key of the counterexample, or to any if that has
// none.
func (s *scene) wroteAny(v string) bool {
	for c := range s.History.Calls() {
		for _, w := range written(c) {
			if w.Value == v && (w.Key == s.Why.Key || s.Why.Key == "") {
				return true
			}
		}
	}
	return false
}

// onlyReadsAndWrites reports whether every call of the key of the counterexample, if it has one, is known to be a read or a write of one value.
func (s *scene) onlyReadsAndWrites() bool {
	for c := range s.History.Calls() {
		if c.Invoke.Key != s.Why.Key && s.Why.Key != "" {
			continue
		}
		if f := operation(c); f != "read" && f != "get" && len(written(c)) == 0 {
			return false
		}
	}
	return true
}
