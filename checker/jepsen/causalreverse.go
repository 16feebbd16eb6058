package jepsen

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/model"
)

// CausalReverse returns the checker that Jepsen calls causal-reverse: if a write ended
// before another began, a read that sees the second sees the first. A database that
// is serializable, but not strictly so, may reverse them. Inputs have F, which is write
// or read, and, for a write, Value; values stay, and a read returns a list
// of all values. O(n log n + elements read), where Jepsen's compares each element that
// a read saw with all that were written before it.
//
// A thin-air read is wrong here. Of a value that is written more than
// once, the first write to begin and the first to end count.
func CausalReverse() checker.Checker {
	return rule{"causal-reverse", "read", []string{"write", "read"}, false, judgeCausalReverse}
}

// A writtenValue is a value and the times of its writes.
type writtenValue struct {
	id       int32
	call     int // of the calls, the one that ended first
	inv, ret int // when the first began, and when it or another certainly ended
	begun    int // of the calls, the one that began first
}

// judgeCausalReverse finds the times of all writes, and then judges read by read.
func judgeCausalReverse(j *evaluation, p *keyCalls) {
	values := newValueNumbers()
	var written []writtenValue // by value
	asked := 0
	grow := func() {
		for len(written) < values.len() {
			written = append(written, writtenValue{id: int32(len(written)), inv: model.Never, ret: model.Never})
		}
	}
	for i, c := range p.calls {
		if c.F != "write" || c.Typ == history.Fail {
			continue
		}
		asked++
		id := values.id(c.Value)
		grow()
		w := &written[id]
		if w.inv == model.Never {
			w.inv, w.begun, w.call = c.Inv, i, i
		}
		if c.Until() < w.ret {
			w.ret, w.call = c.Until(), i
		}
	}
	byRet := slices.Clone(written) // without values that no call wrote
	sorting.Func(byRet, func(a, b writtenValue) int { return a.ret - b.ret })
	r := reversal{evaluation: j, p: p, values: values, byRet: byRet}
	var ids []int32
	for i, c := range p.calls {
		if c.F != "read" || c.Typ != history.OK || j.answer(c) == nil {
			continue
		}
		var err error
		if ids, err = values.ids(j.answer(c), ids[:0]); err != nil {
			j.malformedAnswer(c, err)
			return
		}
		grow()
		r.written = written
		r.read(i, ids)
	}
	j.count("written", asked)
	j.count("read", r.reads)
	j.wrong("reversed", r.reversed)
	j.wrong("unexpected", r.unexpected)
}

// A reversal finds reads that see a write without an earlier one.
type reversal struct {
	*evaluation
	p                           *keyCalls
	values                      *valueNumbers
	written                     []writtenValue
	byRet                       []writtenValue // in the order in which they ended
	seen                        []int32        // by value, the last read that saw it, counted from 1
	reads, reversed, unexpected int
}

// read judges one read, in time linear in what it saw.
func (r *reversal) read(i int, ids []int32) {
	c := r.p.calls[i]
	r.reads++
	r.seen = append(r.seen, make([]int32, r.values.len()-len(r.seen))...)
	last := int32(-1)
	for _, id := range ids {
		r.seen[id] = int32(r.reads)
		w := r.written[id]
		if w.inv > c.End {
			r.unexpected++
			r.blame(r.p, fmt.Sprintf("%s read %s, which had not been written", r.process(c), r.values.name(id)), c)
			continue
		}
		if last < 0 || w.inv > r.written[last].inv {
			last = id
		}
	}
	if last < 0 {
		return
	}
	for _, w := range r.byRet {
		if w.ret >= r.written[last].inv {
			return
		}
		if r.seen[w.id] != int32(r.reads) {
			r.reversed++
			r.blame(r.p, fmt.Sprintf("%s saw %s but not %s, whose write had ended before the other began",
				r.process(c), r.values.name(last), r.values.name(w.id)), r.p.calls[w.call], r.p.calls[r.written[last].begun], c)
			return
		}
	}
}
