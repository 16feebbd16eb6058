package account

import (
	"slices"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report/internal/wording"
)

// staleRead is a read of a value that an acknowledged write had replaced before the read began.
var staleRead = Kind{
	Name:  "stale read",
	is:    func(s *scene) bool { _, _, ok := s.replaced(); return ok },
	steps: func(s *scene) []Step { return s.staleSteps("stale read") },
}

// replaced returns the call to blame, and the write that had replaced what it saw.
func (s *scene) replaced() (read, newer call, ok bool) {
	if s.blamed < 0 {
		return read, newer, false
	}
	read = s.calls[s.blamed]
	if len(read.saw) != 1 {
		return read, newer, false
	}
	for _, w := range s.calls {
		if w.Complete.Type != history.OK || w.Complete.Time > read.Invoke.Time || !replaces(w) || w.wrote[0].Value == read.saw[0] {
			continue
		}
		if !ok || w.Complete.Time > newer.Complete.Time {
			newer, ok = w, true
		}
	}
	return read, newer, ok
}

// replaces reports whether a call wrote one value in place of the one before.
func replaces(c call) bool {
	return len(c.wrote) == 1 && slices.Contains([]string{"write", "put", "set", "cas"}, operation(c.Call))
}

// staleSteps describes the writes, of what came between them and the read, and of the read.
func (s *scene) staleSteps(title string) []Step {
	read, newer, _ := s.replaced()
	steps := s.leaderSteps(2)
	for _, c := range s.calls {
		switch {
		case c.Invoke.Index == read.Invoke.Index:
		case c.Invoke.Index == newer.Invoke.Index:
			steps = append(steps, s.callStep(c, "a newer write"))
		default:
			steps = append(steps, s.callStep(c, s.titleOf(c)))
		}
	}
	steps = append(steps, s.faultSteps(2)...)
	last := s.answered(read, title)
	if read.reply == nil {
		last.Parts = s.replacedBefore(last.Parts, read, newer)
	}
	return append(steps, last)
}

// replacedBefore adds to the sentence of a read which write had replaced what it saw, and how long before.
func (s *scene) replacedBefore(sentence []Part, read, newer call) []Part {
	if n := len(sentence); n == 0 || sentence[n-1].Text != "." {
		return sentence
	}
	before := " before."
	if gap := read.Invoke.Time - newer.Complete.Time; gap > 0 && !s.Ordered {
		before = " " + wording.Short(gap) + " before."
	}
	return append(sentence[:len(sentence)-1:len(sentence)-1], say(", which ", value(newer.wrote[0].Value), " had replaced", before)...)
}

// titleOf is a heading for a call: "a write on a majority".
func (s *scene) titleOf(c call) string {
	if len(c.wrote) == 0 && operation(c.Call) == "read" {
		return "a read"
	}
	if len(c.wrote) != 1 {
		return "a call"
	}
	switch n := len(s.holders(c.wrote[0], c.Invoke.Time, s.ended(c))); {
	case n > 1 && n == len(s.nodes):
		return "a write on all nodes"
	case n >= s.majority():
		return "a write on a majority"
	case n == 1:
		return "a write on one node"
	}
	return "a write"
}
