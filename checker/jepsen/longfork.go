package jepsen

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/shapes"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// A GroupOp is an input of [LongFork]: a write of Value to the one key in Keys, or a
// read of all of Keys. A read returns a []int with the value of each
// key, and Nil for a key that was not written yet.
type GroupOp struct {
	F     string `json:"f"` // write or read
	Keys  []int  `json:"keys"`
	Value int    `json:"value,omitempty"`
}

// String says what is asked.
func (o GroupOp) String() string {
	if o.F == "read" {
		return fmt.Sprintf("read %v", o.Keys)
	}
	return fmt.Sprintf("write %d to %v", o.Value, o.Keys)
}

// LongFork returns the checker that Jepsen calls long-fork: of two reads of the same
// keys, one must have seen all writes that the other has. Otherwise two writes took effect in
// different orders, which parallel snapshot isolation allows and snapshot isolation does
// not. Each key is written at most once. Inputs are GroupOps, or Jepsen's transactions
// of steps [:r key value] and [:w key value]. Reads of the same keys are a
// group; if size is not 0, each has that many keys.
//
// The reads of a group that has no fork are a chain, so it is enough to sort them by how
// many keys they saw and to compare neighbours: O(n g + r log r) for groups of g
// keys, where Jepsen's compares all pairs. Forks are counted between neighbours.
// A thin-air read is wrong here, if the history has writes.
func LongFork(size int) checker.Checker {
	return rule{"long-fork", "read", []string{"read", "write", "txn"}, false, func(j *evaluation, p *keyCalls) {
		f := &forks{evaluation: j, p: p, size: size, keys: newValueNumbers(), values: newValueNumbers(), groups: map[string]*forkGroup{}}
		f.judge()
	}}
}

// A txnStep is a read or a write of a key in a transaction.
type txnStep struct {
	write bool
	key   any
	value any // nil if the key has none
}

// steps returns the steps of a call: of its output if it is OK, else of its input.
func (j *evaluation) steps(c shapes.Call) ([]txnStep, error) {
	value := c.Value
	if op, ok := value.(GroupOp); ok {
		return groupSteps(op, j.h, c)
	}
	in, _ := j.h.At(c.Inv).Input.(GroupOp)
	if in.F != "" {
		return groupSteps(in, j.h, c)
	}
	if c.Typ == history.OK {
		if out := j.answer(c); out != nil {
			value = out
		}
	}
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("a %T where steps were due", value)
	}
	var all []txnStep
	for _, s := range list {
		triple, ok := s.([]any)
		if !ok || len(triple) != 3 {
			return nil, fmt.Errorf("%s where [:r key value] or [:w key value] was due", valueName(s))
		}
		switch triple[0] {
		case edn.Keyword("r"), "r":
			all = append(all, txnStep{key: triple[1], value: triple[2]})
		case edn.Keyword("w"), "w":
			all = append(all, txnStep{write: true, key: triple[1], value: triple[2]})
		default:
			return nil, fmt.Errorf("%s where :r or :w was due", valueName(triple[0]))
		}
	}
	return all, nil
}

// groupSteps returns the steps of a GroupOp, with the values of its output if it is OK.
func groupSteps(in GroupOp, h *history.History, c shapes.Call) (all []txnStep, err error) {
	var out []int
	if in.F == "read" && c.Typ == history.OK {
		if out, _ = h.At(c.End).Output.([]int); len(out) != len(in.Keys) {
			return nil, fmt.Errorf("no value for each of %d keys", len(in.Keys))
		}
	}
	all = make([]txnStep, 0, len(in.Keys))
	for i, k := range in.Keys {
		s := txnStep{write: in.F == "write", key: k, value: in.Value}
		if !s.write {
			s.value = nil
			if out != nil && out[i] != model.Nil {
				s.value = out[i]
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// A forkRead is the keys that a read saw written, as bits by the order of the group's keys.
type forkRead struct {
	call int
	seen []uint64
	n    int
}

// A forkGroup is all reads of the same keys.
type forkGroup struct {
	keys  []int32
	reads []forkRead
	seen  map[string]bool // what reads saw; only the first read that saw it is kept
}

// A forks finds long forks.
type forks struct {
	*evaluation
	p            *keyCalls
	size         int
	keys, values *valueNumbers
	wrote        map[int32]int   // by key, the call that wrote it
	put          map[int32]int32 // by key, the value
	groups       map[string]*forkGroup
	order        []*forkGroup
	early, late  int
	reads        int
	name         []byte  // scratch
	ids          []int32 // scratch
}

// judge sorts the reads into groups, and finds the forks in each.
func (f *forks) judge() {
	unfounded, forked := 0, 0
	if !f.findWrites() {
		return
	}
	for i, c := range f.p.calls {
		if c.F == "" || c.Typ != history.OK {
			continue
		}
		all, err := f.steps(c)
		if err != nil {
			f.malformedAnswer(c, err)
			return
		}
		if slices.ContainsFunc(all, func(s txnStep) bool { return s.write }) {
			continue
		}
		ok, bad := f.read(i, all)
		if !ok {
			return
		}
		unfounded += bad
	}
	for _, g := range f.order {
		forked += f.forked(g)
	}
	f.count("read", f.reads)
	f.count("early", f.early)
	f.count("late", f.late)
	f.wrong("forked", forked)
	f.wrong("unexpected", unfounded)
}

// findWrites finds the call that wrote each key. It returns false if a key was written twice, or an input is malformed.
func (f *forks) findWrites() bool {
	f.wrote, f.put = map[int32]int{}, map[int32]int32{}
	for i, c := range f.p.calls {
		if op, typed := c.Value.(GroupOp); c.F == "" || typed && op.F == "read" {
			continue
		}
		asked := c
		asked.Typ = history.Info // the steps of its input
		all, err := f.steps(asked)
		if err != nil {
			if c.Value == nil { // Jepsen's read without a value
				continue
			}
			f.malformedInput(c, err)
			return false
		}
		for _, s := range all {
			if !s.write {
				continue
			}
			k := f.keys.id(s.key)
			if _, again := f.wrote[k]; again {
				f.undecided(fmt.Sprintf("%s writes key %s again (op %d), but each key must be written once", f.process(c), f.keys.name(k), c.Inv))
				return false
			}
			f.wrote[k], f.put[k] = i, f.values.id(s.value)
		}
	}
	return true
}

// read adds a read to its group. It returns the number of its values that no call wrote.
func (f *forks) read(i int, all []txnStep) (ok bool, unfounded int) {
	c := f.p.calls[i]
	if f.size != 0 && len(all) != f.size {
		f.undecided(fmt.Sprintf("%s reads %s (op %d), but groups have %d", f.process(c), words.Plural(len(all), "key"), c.Inv, f.size))
		return false, 0
	}
	ids := make([]int32, len(all))
	for n, s := range all {
		ids[n] = f.keys.id(s.key)
		if s.value == nil || len(f.wrote) == 0 {
			continue
		}
		by, written := f.wrote[ids[n]]
		if !written || f.put[ids[n]] != f.values.id(s.value) || f.p.calls[by].Inv > c.End || f.p.calls[by].Typ == history.Fail {
			unfounded++
			f.blame(f.p, fmt.Sprintf("%s read %v from key %s, which had not been written", f.process(c), s.value, f.keys.name(ids[n])), c)
		}
	}
	g := f.group(ids)
	r := forkRead{call: i, seen: make([]uint64, (len(g.keys)+63)/64)}
	for n, s := range all {
		if at, _ := slices.BinarySearch(g.keys, ids[n]); s.value != nil && r.seen[at/64]&(1<<(at%64)) == 0 {
			r.seen[at/64] |= 1 << (at % 64)
			r.n++
		}
	}
	f.reads++
	switch r.n {
	case 0:
		f.early++
	case len(g.keys):
		f.late++
	}
	f.name = f.name[:0]
	for _, w := range r.seen {
		f.name = binary.LittleEndian.AppendUint64(f.name, w)
	}
	if !g.seen[string(f.name)] {
		g.seen[string(f.name)] = true
		g.reads = append(g.reads, r)
	}
	return true, unfounded
}

// group returns the group of these keys, a new one for the first read of them.
func (f *forks) group(ids []int32) *forkGroup {
	f.ids = append(f.ids[:0], ids...)
	slices.Sort(f.ids)
	f.ids = slices.Compact(f.ids)
	f.name = f.name[:0]
	for _, id := range f.ids {
		f.name = binary.LittleEndian.AppendUint32(f.name, uint32(id))
	}
	g := f.groups[string(f.name)]
	if g == nil {
		g = &forkGroup{keys: slices.Clone(f.ids), seen: map[string]bool{}}
		f.groups[string(f.name)] = g
		f.order = append(f.order, g)
	}
	return g
}

// forked returns how many neighbours in a group are incomparable: each has seen a write that the other has not.
func (f *forks) forked(g *forkGroup) (n int) {
	sorting.Stable(g.reads, func(a, b forkRead) int { return a.n - b.n })
	for i := range len(g.reads) - 1 {
		a, b := g.reads[i], g.reads[i+1]
		here, there := g.keys[0], int32(-1)
		for w := range a.seen {
			if only := a.seen[w] &^ b.seen[w]; only != 0 && there < 0 {
				there = g.keys[64*w+bits.TrailingZeros64(only)]
			}
			if only := b.seen[w] &^ a.seen[w]; only != 0 {
				here = g.keys[64*w+bits.TrailingZeros64(only)]
			}
		}
		if there < 0 {
			continue
		}
		n++
		f.blameFork(a, b, there, here)
	}
	return n
}

// blameFork shows two reads, and the two writes if they were recorded.
func (f *forks) blameFork(a, b forkRead, inA, inB int32) {
	if b.call < a.call {
		a, b, inA, inB = b, a, inB, inA
	}
	first, second := f.p.calls[a.call], f.p.calls[b.call]
	var calls []shapes.Call
	for _, k := range []int32{inA, inB} {
		if i, ok := f.wrote[k]; ok {
			calls = append(calls, f.p.calls[i])
		}
	}
	other := f.process(second) + " read them"
	if other == f.process(first)+" read them" {
		other = "later"
	}
	f.blame(f.p, fmt.Sprintf("%s read key %s as written and key %s as not, and %s the other way round",
		f.process(first), f.keys.name(inA), f.keys.name(inB), other), append(calls, first, second)...)
}
