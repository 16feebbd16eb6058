package history

import (
	"errors"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/lex"
)

// order checks, op by op, that what it is shown is a history: time does not run
// backwards, a process has one call at a time, and none after an indeterminate one.
type order struct {
	loose bool // do not look at faults
	count int
	last  time.Duration
	calls map[int]ending    // by process
	fault map[string]ending // by key
}

// An ending is how the last call of a process stands, or the last fault with a key.
type ending struct {
	end  Type // Invoke while the call is open
	line int  // where end is
	key  string
}

// add checks the op that stands in that line. What contradicts other ops, but is an op,
// is a [*FlawError].
func (o *order) add(op Op, line int) error {
	if o.count > 0 && op.Time < o.last {
		return fmt.Errorf("time %d is before %d, the time of the op before", op.Time, o.last)
	}
	o.count++
	o.last = op.Time
	if o.calls == nil {
		o.calls = map[int]ending{}
	}
	if op.Process == Nemesis {
		if o.loose {
			return nil
		}
		return o.addFault(op, line)
	}
	last, known := o.calls[op.Process]
	o.calls[op.Process] = ending{op.Type, line, op.Key}
	switch open := known && last.end == Invoke; {
	case op.Type == Invoke && open:
		return openTwice(fmt.Sprint(op.Process), last.line)
	case op.Type == Invoke && known && last.end == Info:
		return afterInfo(fmt.Sprint(op.Process), last.line)
	case op.Type != Invoke && !open:
		return stray(op.Type, fmt.Sprint(op.Process))
	case op.Type != Invoke && op.Key != "" && last.key != "" && op.Key != last.key:
		return wrongAnswer(op.Type, fmt.Sprint(op.Process), "key", op.Key, last.key, last.line)
	}
	return nil
}

func openTwice(process string, line int) *FlawError {
	return &FlawError{OpenTwice, fmt.Sprintf("process %s invokes, but its call of line %d is pending", process, line)}
}

func afterInfo(process string, line int) *FlawError {
	return &FlawError{AfterInfo, fmt.Sprintf("process %s invokes, but its last call is indeterminate, by the info in line %d: "+
		"it must go on as another process", process, line)}
}

func stray(t Type, process string) *FlawError {
	return &FlawError{StrayCompletion, fmt.Sprintf("%v of process %s, but it has no pending call", t, process)}
}

func wrongAnswer(t Type, process, what, got, want string, line int) *FlawError {
	return &FlawError{WrongAnswer, fmt.Sprintf("%v of process %s has the %s %s, but its call of line %d has %s",
		t, process, what, lex.Clip(got), line, lex.Clip(want))}
}

// addFault checks an op of the nemesis. An info need not complete anything: in
// the histories of others it is all that a nemesis says.
func (o *order) addFault(op Op, line int) error {
	if o.fault == nil {
		o.fault = map[string]ending{}
	}
	last, known := o.fault[op.Key]
	switch open := known && last.end == Invoke; {
	case op.Type == Invoke && open:
		return fmt.Errorf("the nemesis invokes key %q, but its fault of line %d is open", op.Key, last.line)
	case op.Type != Invoke && op.Type != Info && !open:
		return fmt.Errorf("%v of the nemesis for key %q, but that has no open fault", op.Type, op.Key)
	}
	o.fault[op.Key] = ending{end: op.Type, line: line}
	return nil
}

var errNoProcess = errors.New(`no process: it must be a number or "nemesis"`)
var errNoType = errors.New("no type: it must be one of invoke, ok, fail, info")

// pairs finds the call to which each completion belongs. In a strict reader that is
// the one pending call of its process.
type pairs struct {
	opts      Options
	processes map[int]*pairedProcess
	next      int // the next process to give to a call, in a lenient reader
}

// A pairedProcess is a process of the file with its pending calls.
type pairedProcess struct {
	name string // as the file has it
	as   int    // the process that its next call is of
	open []openCall
	info int // line of the info of its last call, if it is indeterminate
}

// An openCall is an invocation without a completion so far.
type openCall struct {
	process, line int
	f, key, id    string
	value         any
	time          int64
	timed         bool
}

// flaw returns the error of a strict reader. A lenient one counts it.
func (p *pairs) flaw(line int, e *FlawError) error {
	if !p.opts.Lenient {
		return e
	}
	if p.opts.Assumed != nil {
		p.opts.Assumed.Add(e.Flaw, line)
	}
	return nil
}

// add pairs an op of a client. It may change its process and its type.
func (p *pairs) add(op *Op, rec *record) error {
	proc := p.processes[op.Process]
	if proc == nil {
		proc = &pairedProcess{name: rec.processName(op.Process), as: op.Process}
		if p.processes == nil {
			p.processes = map[int]*pairedProcess{}
		}
		p.processes[op.Process] = proc
	}
	if op.Type == Invoke {
		return p.invoke(proc, op, rec)
	}
	return p.complete(proc, op, rec)
}

func (p *pairs) invoke(proc *pairedProcess, op *Op, rec *record) error {
	var err error
	switch {
	case len(proc.open) > 0:
		err = p.flaw(rec.line, openTwice(proc.name, proc.open[len(proc.open)-1].line))
	case proc.info > 0:
		err = p.flaw(rec.line, afterInfo(proc.name, proc.info))
	}
	if err != nil {
		return err
	}
	if len(proc.open) > 0 || proc.info > 0 {
		proc.as, p.next, proc.info = p.next, p.next+1, 0
	}
	op.Process = proc.as
	proc.open = append(proc.open, openCall{op.Process, rec.line, rec.op.F, op.Key, rec.id, rec.op.Value, rec.time, rec.hasTime()})
	return nil
}

func (p *pairs) complete(proc *pairedProcess, op *Op, rec *record) error {
	if len(proc.open) == 0 {
		op.Process = proc.as
		return p.flaw(rec.line, stray(op.Type, proc.name))
	}
	i := proc.match(op, rec)
	c := proc.open[i]
	proc.open = append(proc.open[:i], proc.open[i+1:]...)
	op.Process = c.process
	if e := c.contradicts(op, rec, proc.name); e != nil {
		if err := p.flaw(rec.line, e); err != nil {
			return err
		}
		op.Type = Info
	}
	proc.info = 0
	if op.Type == Info && c.process == proc.as {
		proc.info = rec.line
	}
	return nil
}

// match returns the pending call that a completion repeats most of: its id, and else its
// f, key and value; the latest if several do.
func (proc *pairedProcess) match(op *Op, rec *record) int {
	best, most := len(proc.open)-1, -1
	for i, c := range proc.open {
		points := 0
		if rec.id != "" && c.id == rec.id {
			points += 8
		}
		if c.f == rec.op.F {
			points += 4
		}
		if c.key == op.Key {
			points += 2
		}
		if rec.op.Value != nil && edn.Must(c.value) == edn.Must(rec.op.Value) {
			points++
		}
		if points >= most {
			best, most = i, points
		}
	}
	return best
}

// contradicts finds what a completion says that its call does not.
func (c *openCall) contradicts(op *Op, rec *record, process string) *FlawError {
	switch {
	case rec.hasTime() && c.timed && rec.time < c.time:
		return &FlawError{WrongAnswer, fmt.Sprintf("%v of process %s has the time %d, but its call of line %d began at %d",
			op.Type, process, rec.time, c.line, c.time)}
	case op.Type == Info:
		return nil
	case rec.op.F != "" && c.f != "" && rec.op.F != c.f:
		return wrongAnswer(op.Type, process, "f", rec.op.F, c.f, c.line)
	case op.Key != "" && c.key != "" && op.Key != c.key:
		return wrongAnswer(op.Type, process, "key", op.Key, c.key, c.line)
	}
	return nil
}
