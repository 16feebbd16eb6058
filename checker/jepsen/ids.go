package jepsen

import (
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// DistinctIDs returns the checker that Jepsen calls unique-ids: no two calls may have
// the same answer. Inputs have F, which is generate; outputs are ids of any type.
// Ids of different keys may be the same. An indeterminate call
// says nothing. O(n).
func DistinctIDs() checker.Checker {
	return rule{"unique-ids", "id", []string{"generate"}, false, judgeIDs}
}

// judgeIDs finds ids that two calls returned.
func judgeIDs(j *evaluation, p *keyCalls) {
	values := newValueNumbers()
	var first []int // by id, the call that was answered it
	again := map[int32]bool{}
	var twice []int32
	acked := 0
	for i, c := range p.calls {
		if c.Typ != history.OK {
			continue
		}
		acked++
		id := values.id(j.answer(c))
		if int(id) == len(first) {
			first = append(first, i)
			continue
		}
		if again[id] {
			continue
		}
		again[id] = true
		twice = append(twice, id)
		other := p.calls[first[id]]
		j.blame(p, fmt.Sprintf("%s was given %s, which %s was given as well", j.process(c), values.name(id), j.process(other)), other, c)
	}
	j.count("attempted", len(p.calls))
	j.count("acknowledged", acked)
	j.wrong("duplicated", len(twice), values.namesOf(twice)...)
}
