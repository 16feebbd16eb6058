package txnfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// A calls gives the ops of a file, one after the other, to a builder. It numbers the processes, and finds what contradicts itself.
type calls struct {
	b         *txn.Builder
	opts      Options
	assumed   history.Assumptions
	clock     clock
	latest    time.Duration // the greatest time so far
	processes map[int64]*process
	named     map[string]int64 // processes that have names
	taken     map[int]bool     // numbers that were given to transactions of other processes
	next      int              // no process so far has this number, or a greater one
	waiting   map[string][]int // processes of pending transactions that named none, by what these do
	inits     map[int][]txn.Op // by process, of pending inits
	with      int              // the first line with a process
	without   int              // the first one without
	unknown   int              // ok transactions of which nothing says what they read
	ops       [6]int           // of each kind of operation, the first line that has it
	lists     int              // the first line with a read of a list
	values    int              // the first line with a read of a single value
	stray     bool             // the op to record is a completion without an invocation, which a lenient builder takes
	sig       []byte
}

// A process is a process of the file.
type process struct {
	as     int  // the number that its next transaction has
	open   bool // it has a transaction that has not ended
	line   int  // of its last op
	info   bool // its last transaction is indeterminate
	sig    string
	others []pending // of a lenient reader: transactions that were pending when the next one began
}

// A pending is a transaction that has not ended.
type pending struct {
	as, line int
	sig      string
}

func newCalls(o Options) *calls {
	c := &calls{
		b: txn.NewBuilder(), opts: o, processes: map[int64]*process{}, named: map[string]int64{}, taken: map[int]bool{},
		waiting: map[string][]int{}, inits: map[int][]txn.Op{},
	}
	return c
}

// flaw returns the error of a strict reader. A lenient one counts it.
func (c *calls) flaw(f history.Flaw, line int, format string, args ...any) error {
	if !c.opts.Lenient {
		return &history.FlawError{Flaw: f, Text: fmt.Sprintf(format, args...)}
	}
	c.assumed.AddAs(f, assumed[f], line)
	return nil
}

// add adds the next op of the file.
func (c *calls) add(rec *record) error {
	switch {
	case rec.nemesis:
		return nil
	case !rec.typed:
		return errors.New("no type: it must be one of invoke, ok, fail, info")
	case rec.bad != nil && (rec.typ == history.Invoke || rec.typ == history.OK):
		if rec.hasF && rec.f != "txn" && rec.f != "" {
			return fmt.Errorf("f %s: %w", rec.f, rec.bad)
		}
		return rec.bad
	case rec.bad != nil: // what failed, or may have, need not repeat what it was
		rec.hasValue, rec.ops = false, rec.ops[:0]
	}
	for i := range rec.ops {
		if err := c.fits(&rec.ops[i], rec); err != nil {
			return err
		}
	}
	if !rec.known {
		return c.addAnonymous(rec)
	}
	if c.without > 0 {
		return fmt.Errorf("this op has a process, but that of line %d has none: give all ops one, or none", c.without)
	}
	if c.with == 0 {
		c.with = rec.line
	}
	p := c.processOf(rec)
	if rec.typ == history.Invoke {
		return c.invoke(p, rec)
	}
	return c.complete(p, rec)
}

// processOf returns the process of a record.
func (c *calls) processOf(rec *record) *process {
	number := rec.process
	if rec.name != "" {
		n, ok := c.named[rec.name]
		if !ok {
			n = int64(len(c.named))
			c.named[rec.name] = n
		}
		number = -1 - n // none of those that have numbers
	}
	p := c.processes[number]
	if p == nil {
		p = &process{as: int(number)}
		if number < 0 || number > maxProcess || c.taken[p.as] {
			p.as = c.fresh()
		}
		c.next = max(c.next, p.as+1)
		c.processes[number] = p
	}
	return p
}

// maxProcess is the greatest number of a process that is kept as it is.
const maxProcess = 1 << 30

// fresh returns a number that no process has.
func (c *calls) fresh() int {
	n := c.next
	c.next++
	c.taken[n] = true
	return n
}

func (c *calls) invoke(p *process, rec *record) error {
	var err error
	switch {
	case p.open:
		err = c.flaw(history.OpenTwice, rec.line, "process %s invokes, but its transaction of line %d is pending", rec.processName(), p.line)
	case p.info:
		err = c.flaw(history.AfterInfo, rec.line, "process %s invokes, but its last transaction is indeterminate, by the info in line %d: "+
			"it must go on as another process", rec.processName(), p.line)
	}
	if err != nil {
		return err
	}
	if p.open {
		p.others = append(p.others, pending{p.as, p.line, p.sig})
	}
	if p.open || p.info {
		p.as = c.fresh()
	}
	p.open, p.info, p.line = true, false, rec.line
	if c.opts.Lenient {
		p.sig = c.signature(rec)
	}
	return c.put(p.as, rec)
}

// complete ends a transaction of a process: the last that began, unless another that is pending is the one that it repeats.
func (c *calls) complete(p *process, rec *record) error {
	as, invoked := p.as, p.line
	i := p.repeats(c, rec)
	switch {
	case i >= 0:
		as, invoked = p.others[i].as, p.others[i].line
		p.others = slices.Delete(p.others, i, i+1)
	case !p.open:
		if err := c.flaw(history.StrayCompletion, rec.line, "%v of process %s, but it has no pending transaction", rec.typ, rec.processName()); err != nil {
			return err
		}
		c.stray = true
	}
	info := rec.typ == history.Info
	err := c.put(as, rec)
	if err != nil {
		if err := c.flaw(history.WrongAnswer, rec.line, "%v of process %s does not fit its invocation in line %d: %v", rec.typ, rec.processName(), invoked, err); err != nil {
			return err
		}
		info = true
		rec.typ, rec.ops, rec.hasValue = history.Info, rec.ops[:0], false
		err = c.put(as, rec)
	}
	if i < 0 {
		p.open, p.info, p.line = false, info, rec.line
	}
	return err
}

// repeats returns which of the other pending transactions a completion ends, or -1.
func (p *process) repeats(c *calls, rec *record) int {
	if len(p.others) == 0 {
		return -1
	}
	sig := c.signature(rec)
	if p.open && p.sig == sig {
		return -1
	}
	i := slices.IndexFunc(p.others, func(o pending) bool { return o.sig == sig })
	if i < 0 && !p.open {
		return len(p.others) - 1
	}
	return i
}

// addAnonymous adds an op without a process: each transaction is a process of its own, and ends with the first completion that
// repeats what it does.
func (c *calls) addAnonymous(rec *record) error {
	if c.with > 0 {
		return fmt.Errorf("this op has no process, but that of line %d has one: give all ops one, or none", c.with)
	}
	if c.without == 0 {
		c.without = rec.line
		c.b.Sessionless()
	}
	sig := c.signature(rec)
	if rec.typ == history.Invoke {
		p := c.fresh()
		c.waiting[sig] = append(c.waiting[sig], p)
		return c.put(p, rec)
	}
	if list := c.waiting[sig]; len(list) > 0 {
		c.waiting[sig] = list[1:]
		return c.put(list[0], rec)
	}
	if err := c.flaw(history.StrayCompletion, rec.line, "%v without a process, and no pending transaction does the same", rec.typ); err != nil {
		return err
	}
	c.stray = true
	return c.put(c.fresh(), rec)
}

// signature says what a transaction does, whatever it reads.
func (c *calls) signature(rec *record) string {
	c.sig = c.sig[:0]
	for _, o := range rec.ops {
		c.sig = binary.LittleEndian.AppendUint32(append(c.sig, o.F), uint32(o.Key))
		if o.F != txn.Read && o.F != txn.ReadAll {
			c.sig = binary.LittleEndian.AppendUint32(c.sig, uint32(o.Value))
		}
	}
	return string(c.sig)
}

// put gives an op to the builder.
func (c *calls) put(process int, rec *record) error {
	if rec.typ == history.Invoke && !rec.hasValue {
		return errors.New("an invocation without a value: it must have the operations of the transaction")
	}
	c.clock.add(rec, process)
	if rec.timed {
		c.latest = max(c.latest, time.Duration(rec.time))
	}
	at := time.Duration(max(rec.time, 0))
	if !rec.timed { // it was no earlier than the ops before it
		at = c.latest
	}
	ops := rec.ops
	if rec.f == "init" {
		ops = c.init(process, rec)
	}
	if rec.typ == history.OK && !rec.hasValue {
		c.unknown++
	}
	if rec.typ == history.OK && rec.isNil {
		return errors.New("the value is nil: it must repeat the operations of the transaction")
	}
	c.b.Begin(txn.Record{Process: process, Type: rec.typ, Line: rec.line, Time: at, Node: rec.node})
	for _, o := range ops {
		c.give(o, rec)
	}
	c.b.Lenient, c.stray = c.stray, false
	return c.b.End()
}

// init returns the operations to record of an op that sets up rows. What took effect is what it was answered, which may be less than
// was asked, so that an invocation has none.
func (c *calls) init(process int, rec *record) []txn.Op {
	asked, pending := c.inits[process]
	switch {
	case rec.typ == history.Invoke:
		c.inits[process] = append([]txn.Op(nil), rec.ops...)
		return nil
	case pending && (rec.typ != history.OK || len(rec.ops) == 0):
		rec.ops = append(rec.ops[:0], asked...)
	}
	delete(c.inits, process)
	return rec.ops
}

// end ends the history.
func (c *calls) end() (*txn.History, error) {
	for _, process := range slices.Sorted(maps.Keys(c.inits)) { // what an init asks may have happened though it did not end
		rec := record{typ: history.Info, f: "init"}
		if err := c.put(process, &rec); err != nil {
			return nil, err
		}
	}
	if line, e := c.clock.end(); e != nil {
		if err := c.flaw(e.Flaw, line, "%s", e.Text); err != nil {
			return nil, &placed{line, err}
		}
		c.b.Untimed()
	}
	return c.b.History(), nil
}

// give gives an operation to the builder.
func (c *calls) give(o txn.Op, rec *record) {
	ok := rec.typ == history.OK
	switch {
	case o.F == txn.Read && ok && o.Known && o.Value == txn.Nil:
		c.b.ReadList(o.Key, rec.pool[o.Off:o.Off+o.Len])
	case o.F == txn.Read && ok:
		c.b.ReadValue(o.Key, o.Value)
	case o.F == txn.ReadAll && ok && o.Known:
		c.b.ReadRows(o.Key, rec.pool[o.Off:o.Off+o.Len])
	case o.F == txn.Read || o.F == txn.ReadAll:
		c.b.ReadUnknown(o.F, o.Key)
	default:
		c.b.Write(o.F, o.Key, o.Value)
	}
}

// processName returns the process as the file has it.
func (r *record) processName() string {
	if r.name != "" {
		return fmt.Sprintf("%q", r.name)
	}
	return fmt.Sprint(r.process)
}
