package history

import (
	"errors"
	"fmt"
	"time"
)

// order checks, op by op, that what it is shown is a history: time does not run
// backwards, a process has one call at a time, and none after a call whose end
// nobody knows.
type order struct {
	loose bool // look at time only
	count int
	last  time.Duration
	calls map[int]ending    // by process
	fault map[string]ending // by key
}

// An ending is how the last call of a process stands, or the last fault with a key.
type ending struct {
	end  Type // Invoke while the call is open
	line int  // where end is
}

// add checks the op that stands in that line.
func (o *order) add(op Op, line int) error {
	if o.count > 0 && op.Time < o.last {
		return fmt.Errorf("time %d is before %d, the time of the op before", op.Time, o.last)
	}
	o.count++
	o.last = op.Time
	if o.loose {
		return nil
	}
	if o.calls == nil {
		o.calls, o.fault = map[int]ending{}, map[string]ending{}
	}
	if op.Process == Nemesis {
		return o.addFault(op, line)
	}
	last, known := o.calls[op.Process]
	switch open := known && last.end == Invoke; {
	case op.Type == Invoke && open:
		return fmt.Errorf("process %d invokes, but its call of line %d is open", op.Process, last.line)
	case op.Type == Invoke && known && last.end == Info:
		return fmt.Errorf("process %d invokes, but nobody knows whether its call has ended that has its info in line %d: "+
			"it must go on as another process", op.Process, last.line)
	case op.Type != Invoke && !open:
		return fmt.Errorf("%v of process %d, but it has no open call", op.Type, op.Process)
	}
	o.calls[op.Process] = ending{op.Type, line}
	return nil
}

// addFault checks an op of the nemesis. An info need not complete anything: in
// the histories of others it is all that a nemesis says.
func (o *order) addFault(op Op, line int) error {
	last, known := o.fault[op.Key]
	switch open := known && last.end == Invoke; {
	case op.Type == Invoke && open:
		return fmt.Errorf("the nemesis invokes key %q, but its fault of line %d is open", op.Key, last.line)
	case op.Type != Invoke && op.Type != Info && !open:
		return fmt.Errorf("%v of the nemesis for key %q, but that has no open fault", op.Type, op.Key)
	}
	o.fault[op.Key] = ending{op.Type, line}
	return nil
}

var errNoProcess = errors.New(`no process: it must be a number or "nemesis"`)
var errNoType = errors.New("no type: it must be one of invoke, ok, fail, info")
