package jepsen

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/shapes"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// FinalSet returns the checker that Jepsen calls set: what was added must be in the
// last read, and nothing else. Inputs have F, which is add or read, and Value;
// a read returns a list, in any order. O(n + elements in the last read).
//
// Three things differ from Jepsen's. An element whose add was acknowledged after
// the last read began may be missing. An element whose add failed, and that is
// there, is revived, which is wrong; Jepsen's calls it recovered, like the element of an
// indeterminate add that took effect. And keys are judged one by one.
func FinalSet() checker.Checker { return rule{"set", "element", addRead, false, judgeFinalSet} }

var addRead = []string{"add", "read"}

// A setElement is the adds of a value.
type setElement struct {
	add    int // the first call that adds it; -1 if none does
	asked  int // the invocation of that
	ok     int // when an add of it was acknowledged first, or Never
	okAdd  int // the call of that
	failed bool
}

// A setPart is a set as adds and reads have it.
type setPart struct {
	*keyCalls
	values   *valueNumbers
	elements []setElement // by number
	reads    []int        // the reads that returned a value, in order
}

// newSetPart splits the calls into adds, by value, and reads.
func newSetPart(j *evaluation, p *keyCalls) *setPart {
	s := &setPart{keyCalls: p, values: newValueNumbers()}
	for i, c := range p.calls {
		switch {
		case c.F == "add":
			id := s.values.id(c.Value)
			s.grow()
			s.elements[id].added(i, c)
		case c.Typ == history.OK && j.answer(c) != nil:
			s.reads = append(s.reads, i)
		}
	}
	return s
}

func (s *setPart) grow() {
	for len(s.elements) < s.values.len() {
		s.elements = append(s.elements, setElement{add: -1, asked: model.Never, ok: model.Never, failed: true})
	}
}

func (e *setElement) added(i int, c shapes.Call) {
	if e.add < 0 {
		e.add, e.asked = i, c.Inv
	}
	e.failed = e.failed && c.Typ == history.Fail
	if c.Until() < e.ok {
		e.ok, e.okAdd = c.Until(), i
	}
}

// read returns the numbers of the elements that a read saw.
func (s *setPart) read(j *evaluation, i int, into []int32) []int32 {
	ids, err := s.values.ids(j.answer(s.calls[i]), into)
	if err != nil {
		j.malformedAnswer(s.calls[i], err)
	}
	s.grow()
	return ids
}

// thinAir returns the elements that a read saw, but no call had added: unexpected ones, whose adds were not invoked
// before the read ended, and revived ones, whose adds had all failed.
func (s *setPart) thinAir(j *evaluation, i int, ids []int32) (unexpected, revived []int32) {
	c := s.calls[i]
	for _, id := range ids {
		switch e := s.elements[id]; {
		case e.asked > c.End:
			unexpected = append(unexpected, id)
			j.blame(s.keyCalls, fmt.Sprintf("%s read %s, which no call had asked to add", j.process(c), s.values.name(id)), c)
		case e.failed:
			revived = append(revived, id)
			j.blame(s.keyCalls, fmt.Sprintf("%s read %s, whose add had failed", j.process(c), s.values.name(id)), s.calls[e.add], c)
		}
	}
	return unexpected, revived
}

// counts counts the adds.
func (s *setPart) counts(j *evaluation) {
	asked, ok := 0, 0
	for _, e := range s.elements {
		if e.add >= 0 {
			asked++
		}
		if e.ok != model.Never {
			ok++
		}
	}
	j.count("attempted", asked)
	j.count("acknowledged", ok)
}

// judgeFinalSet compares the read that ended last with the adds of each element.
func judgeFinalSet(j *evaluation, p *keyCalls) {
	s := newSetPart(j, p)
	last := -1
	for _, i := range s.reads {
		if last < 0 || p.calls[i].End > p.calls[last].End {
			last = i
		}
	}
	if last < 0 {
		s.counts(j)
		j.undecided("nothing was ever read" + words.On(p.key))
		return
	}
	seen := s.read(j, last, nil)
	if j.bad != nil {
		return
	}
	s.counts(j)
	there := make([]int, len(s.elements))
	var once, recovered, twice, lost []int32
	for _, id := range seen {
		there[id]++
		switch e := s.elements[id]; {
		case there[id] == 1:
			once = append(once, id)
			if e.ok == model.Never && !e.failed {
				recovered = append(recovered, id)
			}
		case there[id] == 2:
			twice = append(twice, id)
		}
	}
	unexpected, revived := s.thinAir(j, last, once)
	for id, e := range s.elements {
		if e.ok < p.calls[last].Inv && there[id] == 0 {
			lost = append(lost, int32(id))
		}
	}
	if len(lost) > 0 {
		s.blameLost(j, lost[0], last)
	}
	j.count("ok", len(once)-len(unexpected))
	j.count("recovered", len(recovered), s.values.namesOf(recovered)...)
	j.count("read twice", len(twice), s.values.namesOf(twice)...)
	j.wrong("lost", len(lost), s.values.namesOf(lost)...)
	j.wrong("unexpected", len(unexpected), s.values.namesOf(unexpected)...)
	j.wrong("revived", len(revived), s.values.namesOf(revived)...)
}

// blameLost shows that the last read misses an element, and a read that saw it before.
func (s *setPart) blameLost(j *evaluation, id int32, last int) {
	add, c := s.calls[s.elements[id].okAdd], s.calls[last]
	for _, i := range slices.Backward(s.reads) {
		if i != last && slices.Contains(s.read(j, i, nil), id) {
			j.blame(s.keyCalls, fmt.Sprintf("%s was added and read by %s, but %s, the last to read, did not see it",
				s.values.name(id), j.process(s.calls[i]), j.process(c)), add, s.calls[i], c)
			return
		}
	}
	j.blame(s.keyCalls, fmt.Sprintf("%s was added, but %s, the last to read, did not see it",
		s.values.name(id), j.process(c)), add, c)
}
