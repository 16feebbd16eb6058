package jepsen

import (
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/shapes"
	"github.com/capsize-go/capsize/internal/words"
)

// SetFull returns the checker that Jepsen calls set-full. It follows each element of
// a set that only grows, through all reads: once it is known, because its add was
// acknowledged or a read saw it, later reads must see it. One that the read which
// began last misses, after it was known, is lost; one that some missed, but later ones
// saw, is stale. Inputs are those of [FinalSet]. If stale is true, stale elements are wrong,
// as they are in a set that is linearizable. It is Unknown if no element was
// known and read. The [Lags] of its [Findings] say how long after it was known an element was still missed, or was
// last seen before it was lost: Jepsen's
// stable-latencies and lost-latencies. O((n + e) log n), where e is how many elements the reads saw together;
// Jepsen's takes n times the elements.
//
// Four things differ from Jepsen's: an element that a read has twice is reported
// (there the test for it can't succeed); so is one that no call added, and one
// whose add had failed; a read that is stale by less than a millisecond counts;
// and a read that returned nil says nothing.
func SetFull(stale bool) checker.Checker {
	return rule{"set-full", "element", addRead, false, func(j *evaluation, p *keyCalls) { judgeSetFull(j, p, stale) }}
}

// A setReads is the reads of a set, in the order of their invocations, and for each
// element which of them saw it.
type setReads struct {
	*setPart
	saw  [][]int32 // by element, the places of the reads among reads
	ends *latestEnds
}

// judgeSetFull classifies each element by the last reads that saw it and that missed it.
func judgeSetFull(j *evaluation, p *keyCalls, staleIsWrong bool) {
	s := newSetPart(j, p)
	v := &setReads{setPart: s, ends: newLatestEnds(len(s.reads), func(i int) int { return p.calls[s.reads[i]].End })}
	unexpected, revived, twice := v.readAll(j)
	if j.bad != nil {
		return
	}
	v.counts(j)
	var stable, lost, stale, unread []int32
	for id := range int32(len(s.elements)) {
		e := s.elements[id]
		if e.add < 0 || len(v.saw[id]) > 0 && e.failed {
			continue
		}
		switch missed := v.lastMissed(id); {
		case v.lastSaw(id) > missed:
			stable = append(stable, id)
			j.addLag(stableLatency, v.latency(j, id, missed))
			if missed >= 0 && v.known(id) < p.calls[s.reads[missed]].Inv {
				stale = append(stale, id)
			}
		case missed >= 0 && v.known(id) < p.calls[s.reads[missed]].Inv:
			lost = append(lost, id)
			j.addLag(lostLatency, v.latency(j, id, v.lastSaw(id)))
		default:
			unread = append(unread, id)
		}
	}
	for _, id := range lost[:min(len(lost), someValues)] {
		v.counterexample(j, id, "and no read that began later saw it")
	}
	if staleIsWrong && len(stale) > 0 {
		v.counterexample(j, stale[0], "which a later read did")
	}
	if len(stable) == 0 {
		j.undecided("no element was added and then read" + words.On(p.key))
	}
	names := s.values.namesOf
	j.count("stable", len(stable))
	j.count("never read", len(unread), names(unread)...)
	j.wrong("lost", len(lost), names(lost)...)
	j.addCount("stale", staleIsWrong, len(stale), names(stale))
	j.wrong("duplicated", len(twice), names(twice)...)
	j.wrong("unexpected", len(unexpected), names(unexpected)...)
	j.wrong("revived", len(revived), names(revived)...)
}

// readAll reads all reads. It returns the elements that should not be there.
func (v *setReads) readAll(j *evaluation) (unexpected, revived, twice []int32) {
	var seen []int32
	odd := map[int32]bool{}   // reported already
	again := map[int32]bool{} // reported already as there twice
	for rank, i := range v.reads {
		if seen = v.read(j, i, seen[:0]); j.bad != nil {
			return nil, nil, nil
		}
		for len(v.saw) < len(v.elements) {
			v.saw = append(v.saw, nil)
		}
		c := v.calls[i]
		for _, id := range seen {
			if n := len(v.saw[id]); n > 0 && v.saw[id][n-1] == int32(rank) {
				if !again[id] {
					again[id] = true
					twice = append(twice, id)
					v.blameTwice(j, id, c)
				}
				continue
			}
			v.saw[id] = append(v.saw[id], int32(rank))
			if e := v.elements[id]; !odd[id] && (e.asked > c.End || e.failed) {
				odd[id] = true
				u, r := v.thinAir(j, i, []int32{id})
				unexpected, revived = append(unexpected, u...), append(revived, r...)
			}
		}
	}
	for len(v.saw) < len(v.elements) {
		v.saw = append(v.saw, nil)
	}
	return unexpected, revived, twice
}

func (v *setReads) blameTwice(j *evaluation, id int32, c shapes.Call) {
	if e := v.elements[id]; e.add >= 0 {
		j.blame(v.keyCalls, fmt.Sprintf("%s read %s twice at once", j.process(c), v.values.name(id)), v.calls[e.add], c)
		return
	}
	j.blame(v.keyCalls, fmt.Sprintf("%s read %s twice at once", j.process(c), v.values.name(id)), c)
}

// known returns the instant at which an element was known to be there.
func (v *setReads) known(id int32) int {
	at := v.elements[id].ok
	for _, rank := range v.saw[id] {
		if c := v.calls[v.reads[rank]]; c.Inv > at {
			break // all others ended later
		} else {
			at = min(at, c.End)
		}
	}
	return at
}

// lastSaw returns the index of the last read that saw an element, or -1.
func (v *setReads) lastSaw(id int32) int {
	if n := len(v.saw[id]); n > 0 {
		return int(v.saw[id][n-1])
	}
	return -1
}

// lastMissed returns the index of the last read that missed an element whose add was
// invoked before the read ended, or -1.
func (v *setReads) lastMissed(id int32) int {
	saw := v.saw[id]
	for at := len(v.reads) - 1; at >= 0; at-- {
		if at = v.ends.after(at, v.elements[id].asked); at < 0 {
			break
		}
		for len(saw) > 0 && int(saw[len(saw)-1]) > at {
			saw = saw[:len(saw)-1]
		}
		if len(saw) == 0 || int(saw[len(saw)-1]) != at {
			return at
		}
	}
	return -1
}

// counterexample shows how an element was known, a read that missed it, and, where there is one,
// one that saw it before or after.
func (v *setReads) counterexample(j *evaluation, id int32, rest string) {
	missed := v.calls[v.reads[v.lastMissed(id)]]
	add := v.calls[v.elements[id].add]
	calls := []shapes.Call{add}
	how := "had been added"
	if ok := v.elements[id].ok; ok < missed.Inv {
		calls[0] = v.calls[v.elements[id].okAdd]
	} else if seen := v.seenBefore(id, missed.Inv); seen >= 0 {
		how = "had been read by " + j.process(v.calls[seen])
		calls = append(calls, v.calls[seen])
	}
	if last := v.lastSaw(id); last >= 0 {
		if c := v.calls[v.reads[last]]; c.Inv != calls[len(calls)-1].Inv {
			calls = append(calls, c)
		}
	}
	j.blame(v.keyCalls, fmt.Sprintf("%s %s before %s began to read, who did not see it, %s",
		v.values.name(id), how, j.process(missed), rest), append(calls, missed)...)
}

// seenBefore returns a read that saw an element and ended before an instant, or -1.
func (v *setReads) seenBefore(id int32, at int) int {
	for _, rank := range v.saw[id] {
		if i := v.reads[rank]; v.calls[i].End < at {
			return i
		}
	}
	return -1
}

// A latestEnds finds, in a list of instants, the last index up to a given one whose instant is
// later than some other: a segment tree of maxima, in O(log n).
type latestEnds struct {
	size int
	max  []int
}

// newLatestEnds returns the tree of n instants.
func newLatestEnds(n int, at func(i int) int) *latestEnds {
	l := &latestEnds{size: 1}
	for l.size < n {
		l.size *= 2
	}
	l.max = make([]int, 2*l.size)
	for i := range l.max {
		l.max[i] = -1
	}
	for i := range n {
		l.max[l.size+i] = at(i)
	}
	for i := l.size - 1; i > 0; i-- {
		l.max[i] = max(l.max[2*i], l.max[2*i+1])
	}
	return l
}

// after returns the last index up to and including i whose instant is later than at.
func (l *latestEnds) after(i, at int) int {
	n := l.size + i
	for l.max[n] <= at {
		for n > 1 && n&1 == 0 { // a left child: go up until there is something to the left
			n /= 2
		}
		if n == 1 {
			return -1
		}
		n--
	}
	for n < l.size {
		if n = 2*n + 1; l.max[n] <= at {
			n--
		}
	}
	return n - l.size
}
