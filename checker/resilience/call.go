package resilience

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// slack is how much later than its deadline something may end and count as in time: the phases of hosts differ by less than it.
const slack = time.Microsecond

// A call is a call of a RequestOp.
type call struct {
	inv, end     int // indexes of its ops; end is -1 if it never ended
	begun, ended time.Duration
	typ          history.Type
	pending      bool // it had not ended when the history did; then ended is history.Forever
	in           model.RequestOp
	out          model.Answer
	answered     bool // it has an Answer
	err          string
}

func (c *call) ok() bool { return c.typ == history.OK }

// A record is the calls of a history that a rule is about.
type record struct {
	h     *history.History
	end   time.Duration // of the history
	calls []call        // in the order in which they began
}

// read returns the calls of a history whose function is one of fs.
func read(h *history.History, fs ...string) (*record, error) {
	n := 0
	for op := range h.Ops() {
		if _, ok := asks(op, fs); ok {
			n++
		}
	}
	r := &record{h: h, end: h.End(), calls: make([]call, 0, n)}
	for c := range h.Calls() {
		in, ok := asks(c.Invoke, fs)
		if !ok {
			continue
		}
		one := call{inv: c.Invoke.Index, end: c.Complete.Index, begun: c.Invoke.Time, ended: c.Complete.Time, typ: c.Complete.Type, in: in, err: c.Complete.Err}
		if one.out, one.answered = c.Complete.Output.(model.Answer); !one.answered && c.Complete.Output != nil {
			return nil, fmt.Errorf("%s was answered a %T where an Answer was due", wording.Place(c.Complete), c.Complete.Output)
		}
		if c.Open() || stillWaits(one) {
			one.pending, one.ended = true, history.Forever
		}
		r.calls = append(r.calls, one)
	}
	return r, nil
}

// asks returns the input of an op, if it is an invocation of one of the functions.
func asks(op history.Op, fs []string) (in model.RequestOp, ok bool) {
	if in, ok = op.Input.(model.RequestOp); !ok {
		return in, false
	}
	return in, slices.Contains(fs, in.F)
}

// waiting is how the error of a call begins that had not ended when the run did, where it is known where its goroutine waited.
const waiting = "still waits"

func stillWaits(c call) bool { return c.typ == history.Info && strings.HasPrefix(c.err, waiting) }

// of yields the calls with a function that began in an interval.
func (r *record) of(f string, s Interval) func(yield func(*call) bool) {
	return func(yield func(*call) bool) {
		for i := range r.calls {
			if c := &r.calls[i]; c.in.F == f && s.Contains(c.begun) && !yield(c) {
				return
			}
		}
	}
}

// count returns how many calls with a function began in an interval.
func (r *record) count(f string, s Interval) (n int) {
	for range r.of(f, s) {
		n++
	}
	return n
}

// need returns an error if no call with a function began in an interval.
func (r *record) need(f string, s Interval) error {
	if r.count(f, s) == 0 {
		return fmt.Errorf("no %s began %v", f, s)
	}
	return nil
}

// requests returns the requests of the history by their IDs; of those with the same ID, the first.
func (r *record) requests() map[int]*call {
	all := map[int]*call{}
	for c := range r.of("request", Interval{}) {
		if all[c.in.ID] == nil {
			all[c.in.ID] = c
		}
	}
	return all
}

// full returns a call with its ops.
func (r *record) full(c *call) history.Call { return r.h.CallAt(c.inv, c.end) }

// name names a call in a message.
func (c *call) name() string { return c.in.String() }
