package txn

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/capsize-go/capsize/history"
)

// A Record is the head of one line of a history: which process did what, and when.
type Record struct {
	Process int
	Type    history.Type // Invoke, OK, Fail or Info
	Line    int          // of the file, from 1; 0 if there is none
	Time    time.Duration
	Node    string
}

// A Builder makes a [History] of the lines of a file, one after the other. For each line, call [Builder.Begin], then one method for
// each operation in its order, then [Builder.End]; at last [Builder.History].
//
//	b := txn.NewBuilder()
//	b.Begin(txn.Record{Process: 3, Type: history.OK, Line: 7})
//	b.ReadList(b.IntKey(5), list) // list may be used again
//	b.Write(txn.Append, b.Key("x"), b.Int(4))
//	err := b.End()
//
// A completion repeats the operations of its invocation. If one of the two has none, those of the other are taken. What the reads
// of a failed or indeterminate transaction returned is not kept, since nothing follows from it.
//
// A list that begins like the longest one read of its key, which is the rule, takes no memory of its own.
type Builder struct {
	// Lenient takes completions without an invocation: their beginning is not known, so that they begin before all others. A process
	// may invoke a transaction while others of its are open: a completion is that of the first with the same operations, or else of
	// the last.
	Lenient bool

	h        History
	keys     interned
	preds    map[string]int32
	spelled  map[string]int32
	longest  []span // of each key, the longest list read
	open     map[int]*opened
	free     []*opened
	sessions map[int]int32 // of processes that may go on
	record   Record
	ops      []Op // of the line that is being built
	scratch  []int32
	begins   int32
	places   bool
	invoked  bool
}

// An opened is a transaction that was invoked and has not ended.
type opened struct {
	txn   int32
	ops   []Op
	older *opened // of the same process
}

// A span is a part of the pool: [off:off+len], with room up to off+room.
type span struct{ off, len, room int32 }

// interned numbers keys: whole numbers without spelling them.
type interned struct {
	small []int32 // of 0, 1, 2, …: the number of the key, from 1
	ints  map[int64]int32
	names map[string]int32
}

// NewBuilder returns a builder of an empty history.
func NewBuilder() *Builder {
	return &Builder{
		preds: map[string]int32{}, spelled: map[string]int32{}, open: map[int]*opened{}, sessions: map[int]int32{},
		keys: interned{ints: map[int64]int32{}, names: map[string]int32{}},
	}
}

// Key returns the number of a key by its name, as reports shall show it. The name of a key that is a whole number is that of [Builder.IntKey]
// if spelled so, for a key is the same whether a file has it as 5 or as "5".
func (b *Builder) Key(name string) int32 {
	if k, ok := b.keys.names[name]; ok {
		return k
	}
	if n, err := strconv.ParseInt(name, 10, 64); err == nil && strconv.FormatInt(n, 10) == name {
		return b.IntKey(n)
	}
	k := b.newKey(name)
	b.keys.names[name] = k
	return k
}

// smallKeys is below what keys have a place in a list of their own.
const smallKeys = 1 << 22

// IntKey returns the number of a key that is a whole number.
func (b *Builder) IntKey(n int64) int32 {
	if n < 0 || n >= smallKeys {
		k, ok := b.keys.ints[n]
		if !ok {
			k = b.newKey(strconv.FormatInt(n, 10))
			b.keys.ints[n] = k
		}
		return k
	}
	if grow := int(n) + 1 - len(b.keys.small); grow > 0 {
		b.keys.small = append(b.keys.small, make([]int32, grow)...)
	}
	if b.keys.small[n] == 0 {
		b.keys.small[n] = b.newKey(strconv.FormatInt(n, 10)) + 1
	}
	return b.keys.small[n] - 1
}

func (b *Builder) newKey(name string) int32 {
	b.h.Keys = append(b.h.Keys, name)
	b.longest = append(b.longest, span{})
	return int32(len(b.h.Keys) - 1)
}

// Predicate returns the number of a predicate, by how it is spelled.
func (b *Builder) Predicate(spelled string) int32 {
	p, ok := b.preds[spelled]
	if !ok {
		p = int32(len(b.h.Predicates))
		b.preds[spelled] = p
		b.h.Predicates = append(b.h.Predicates, spelled)
	}
	return p
}

// Int returns a value that is a whole number.
func (b *Builder) Int(n int64) int32 {
	if n >= 0 && n <= math.MaxInt32 {
		return int32(n)
	}
	return b.Spelled(strconv.FormatInt(n, 10))
}

// Spelled returns a value that is no whole number, by how it is spelled: "\"seven\"", "2.5".
func (b *Builder) Spelled(s string) int32 {
	v, ok := b.spelled[s]
	if !ok {
		v = int32(-1 - len(b.h.Spelled))
		b.spelled[s] = v
		b.h.Spelled = append(b.h.Spelled, s)
	}
	return v
}

// Untimed says that the file knows nothing of real time.
func (b *Builder) Untimed() { b.h.Untimed = true }

// Sessionless says that the file has no sessions. Its reader gives each transaction a process of its own.
func (b *Builder) Sessionless() { b.h.Sessionless = true }

// Begin begins a line.
func (b *Builder) Begin(r Record) {
	b.record, b.ops = r, b.ops[:0]
	b.places = b.places || r.Line != 0 || r.Time != 0 || r.Node != ""
}

// Write adds an operation that changes something: Append, Write, Insert, or Delete, of which the value is [Nil].
func (b *Builder) Write(f uint8, key, value int32) {
	b.h.registers = b.h.registers || f != Append
	b.ops = append(b.ops, Op{F: f, Key: key, Value: value})
}

// ReadUnknown adds a read without an answer: of a key, or if f is ReadAll, of a predicate.
func (b *Builder) ReadUnknown(f uint8, key int32) {
	b.ops = append(b.ops, Op{F: f, Key: key, Value: Nil})
}

// ReadValue adds a read of a register, with what it returned, which is [Nil] if the register was never written.
func (b *Builder) ReadValue(key, value int32) {
	b.ops = append(b.ops, Op{F: Read, Known: true, Key: key, Value: value})
}

// ReadList adds a read of a list, with what it returned, the oldest element first.
func (b *Builder) ReadList(key int32, list []int32) {
	o := Op{F: Read, Known: b.record.Type == history.OK, Key: key, Value: Nil}
	if o.Known {
		o.Off, o.Len = b.keep(key, list), int32(len(list))
	}
	b.ops = append(b.ops, o)
}

// ReadRows adds a read by predicate, with the rows that matched: pairs of key and value, one after the other.
func (b *Builder) ReadRows(predicate int32, rows []int32) {
	o := Op{F: ReadAll, Known: b.record.Type == history.OK, Key: predicate, Value: Nil}
	if o.Known {
		o.Off, o.Len = int32(len(b.h.Pool)), int32(len(rows))
		b.h.Pool = append(b.h.Pool, rows...)
	}
	b.ops = append(b.ops, o)
}

// keep returns where a list stands in the pool. The longest list of a key grows where it stands, in room that doubles.
func (b *Builder) keep(key int32, list []int32) int32 {
	at := &b.longest[key]
	n := min(int32(len(list)), at.len)
	if !slices.Equal(b.h.Pool[at.off:at.off+n], list[:n]) {
		off := int32(len(b.h.Pool))
		b.h.Pool = append(b.h.Pool, list...)
		return off
	}
	if n == int32(len(list)) {
		return at.off
	}
	if int32(len(list)) > at.room {
		at.off, at.room = int32(len(b.h.Pool)), max(4, int32(2*len(list)))
		b.h.Pool = append(b.h.Pool, list...)
		b.h.Pool = append(b.h.Pool, make([]int32, at.room-int32(len(list)))...)
	}
	copy(b.h.Pool[at.off+n:], list[n:])
	at.len = int32(len(list))
	return at.off
}

// End ends a line. An error names the process, and is no reason not to go on with the next line.
func (b *Builder) End() error {
	r := b.record
	o := b.open[r.Process]
	if r.Type == history.Invoke {
		if o != nil && !b.Lenient {
			return fmt.Errorf("process %d invokes a transaction before its last one ended", r.Process)
		}
		next := b.invoke()
		next.ops, next.older = append(next.ops[:0], b.ops...), o
		b.open[r.Process], b.invoked = next, true
		return nil
	}
	if o != nil && o.older != nil {
		o = b.fitting(o)
	}
	switch {
	case o == nil:
		if !b.Lenient {
			return fmt.Errorf("process %d completes a transaction (%s) that it did not invoke", r.Process, r.Type)
		}
		o = b.invoke()
		b.h.Txns[o.txn].Begin = -1
		b.begins--
	default:
		if err := repeats(o.ops, b.ops); err != nil {
			return fmt.Errorf("process %d: %w", r.Process, err)
		}
	}
	b.complete(o)
	return nil
}

// fitting returns the first of a process's open transactions that has the operations of this line, as the one that its process is
// known to have open; or else the last.
func (b *Builder) fitting(last *opened) *opened {
	fits := last
	for o := last; o != nil; o = o.older {
		if repeats(o.ops, b.ops) == nil {
			fits = o
		}
	}
	if fits == last {
		return last
	}
	for o := last; ; o = o.older {
		if o.older == fits {
			o.older, fits.older = fits.older, last
			return fits
		}
	}
}

// repeats reports how the operations of a completion differ from those of its invocation.
func repeats(asked, answered []Op) error {
	if len(asked) == 0 || len(answered) == 0 {
		return nil
	}
	if len(asked) != len(answered) {
		return fmt.Errorf("the transaction was invoked with %d operations and completed with %d", len(asked), len(answered))
	}
	for i, a := range asked {
		o := answered[i]
		if a.F != o.F || a.Key != o.Key || a.F != Read && a.F != ReadAll && a.Value != o.Value {
			return fmt.Errorf("operation %d of the transaction is another in its completion than in its invocation", i+1)
		}
	}
	return nil
}

// invoke begins a transaction.
func (b *Builder) invoke() *opened {
	r := b.record
	session, ok := b.sessions[r.Process]
	if !ok {
		session = int32(b.h.Sessions)
		b.h.Sessions++
		b.sessions[r.Process] = session
	}
	o := &opened{}
	if n := len(b.free); n > 0 {
		o, b.free = b.free[n-1], b.free[:n-1]
	}
	o.txn, o.ops, o.older = int32(len(b.h.Txns)), o.ops[:0], nil
	b.h.Txns = append(b.h.Txns, Txn{Session: session, Process: int32(r.Process), Type: history.Info, Begin: b.begins, End: Never})
	b.begins++
	b.h.Places = append(b.h.Places, Place{Line: int32(r.Line), Invoked: r.Time, Completed: history.Forever, Node: r.Node})
	return o
}

// complete ends a transaction.
func (b *Builder) complete(o *opened) {
	r := b.record
	t := &b.h.Txns[o.txn]
	t.Type = r.Type
	ops := b.ops
	if len(ops) == 0 {
		ops = o.ops
	}
	b.put(t, ops)
	if b.places {
		b.h.Places[o.txn].Completed = r.Time
	}
	if r.Type == history.Info {
		delete(b.sessions, r.Process)
	} else {
		t.End = b.begins
	}
	b.begins++
	if o.older != nil {
		b.open[r.Process] = o.older
	} else {
		delete(b.open, r.Process)
	}
	b.free = append(b.free, o)
}

// put gives a transaction its operations.
func (b *Builder) put(t *Txn, ops []Op) {
	t.First = int32(len(b.h.Ops))
	b.h.Ops = append(b.h.Ops, ops...)
	t.Last = int32(len(b.h.Ops))
	if t.Type == history.OK {
		return
	}
	for i := t.First; i < t.Last; i++ {
		o := &b.h.Ops[i]
		if o.F == Read || o.F == ReadAll {
			o.Known, o.Value, o.Off, o.Len = false, Nil, 0, 0
		}
	}
}

// leave ends a transaction that never completed.
func (b *Builder) leave(o *opened) {
	b.put(&b.h.Txns[o.txn], o.ops)
	b.free = append(b.free, o)
}

// History returns what was built; transactions that are still open are indeterminate. The builder is not to be used any more.
func (b *Builder) History() *History {
	var open []*opened
	for _, o := range b.open {
		for ; o != nil; o = o.older {
			open = append(open, o)
		}
	}
	slices.SortFunc(open, func(x, y *opened) int { return cmp.Compare(x.txn, y.txn) })
	for _, o := range open {
		b.leave(o)
	}
	if !b.invoked {
		b.h.Untimed = true
	}
	if !b.places {
		b.h.Places = nil
	}
	h := b.h
	*b = Builder{}
	return &h
}
