package history

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/capsize-go/capsize/history/internal/lex"
)

// A Type says which of four things an [Op] records.
type Type uint8

const (
	// Invoke records that a client asked.
	Invoke Type = iota
	// OK records that the operation certainly happened.
	OK
	// Fail records that the operation certainly did not happen, and never will.
	Fail
	// Info records that the outcome is indeterminate: the operation may have happened, or may yet.
	Info
)

var typeNames = [...]string{"invoke", "ok", "fail", "info"}

// String returns the type's name as Jepsen spells it: invoke, ok, fail or info.
func (t Type) String() string {
	if int(t) >= len(typeNames) {
		return fmt.Sprintf("type(%d)", uint8(t))
	}
	return typeNames[t]
}

// ParseType returns the type with that name.
func ParseType(name string) (Type, error) {
	for i, n := range typeNames {
		if n == name {
			return Type(i), nil
		}
	}
	return 0, fmt.Errorf("type %q is none of invoke, ok, fail, info", name)
}

// Nemesis is the process number of the nemesis. Its ops are the faults: an
// Invoke when one is injected, an OK when it is healed, a Fail when it could
// not be injected. Faults may overlap, so the two ends share a Key.
const Nemesis = -1

// Forever is the time at which a call completes that never did.
const Forever = time.Duration(math.MaxInt64)

// An Op is one event of a history: a client asking, or learning what became of
// what it asked.
type Op struct {
	Index   int           // position in the history, from 0
	Time    time.Duration // virtual time since the run began
	Process int           // logical client, or Nemesis; one call at a time each
	Node    string        // node that the client is bound to; empty for the nemesis
	Type    Type
	Key     string // what the op touches, where that is one key; for a fault, its step
	Input   any    // what was asked; on an Invoke only
	Output  any    // what was answered; never on an Invoke
	Err     string // why it failed, or why it is indeterminate
}

// String formats the op on one line: time, process, node, type, key, input,
// output, error.
func (o Op) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%9.3fs  %-10s %-4s %-7s", o.Time.Seconds(), o.process(), o.Node, o.Type)
	for _, v := range []any{o.Key, o.Input} {
		if v != nil && v != "" {
			fmt.Fprintf(&b, " %v", v)
		}
	}
	if o.Output != nil {
		fmt.Fprintf(&b, " → %v", o.Output)
	}
	if o.Err != "" {
		fmt.Fprintf(&b, "  # %s", o.Err)
	}
	return strings.TrimRight(b.String(), " ")
}

func (o Op) process() string {
	if o.Process == Nemesis {
		return "nemesis"
	}
	return fmt.Sprint("process ", o.Process)
}

// A Call is an invocation with its completion. A call that never completed has
// an Info at [Forever] with the index -1.
type Call struct{ Invoke, Complete Op }

// Open reports whether the call never completed.
func (c Call) Open() bool { return c.Complete.Index < 0 }

// Returned gives the index of the op by which the call had certainly ended: the
// index of an OK or a Fail, and [math.MaxInt] for a call that is indeterminate.
func (c Call) Returned() int {
	if c.Complete.Type == Info {
		return math.MaxInt
	}
	return c.Complete.Index
}

// Null is an input or an output that is there and is nothing. It differs from a nil input or output, which is not there.
type Null = lex.Null
