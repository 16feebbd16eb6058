package linearizable

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
)

// Operations returns the history of operations as porcupine has them, so that what was
// recorded for porcupine can be judged by a [checker.Checker]. Inputs and outputs stay as they
// are; they must be of the types of the checker's model. Times are nanoseconds and count
// from the first call; calls that touch overlap, as they do for porcupine.
//
// An operation whose Return is 0 or [math.MaxInt64] is indeterminate: it never returned.
// Where all operations are of one client, the ClientId is taken for not set, and calls
// that overlap get processes of their own. The error for an operation that returns before
// its call, or for two of one client that overlap, names both.
func Operations(ops []porcupine.Operation) (*history.History, error) {
	clients := map[int]bool{}
	for i, o := range ops {
		clients[o.ClientId] = true
		switch {
		case o.ClientId < 0:
			return nil, fmt.Errorf("operation %d: ClientId %d is negative", i, o.ClientId)
		case returns(o) && o.Return < o.Call:
			return nil, fmt.Errorf("operation %d returns at %d, before its call at %d", i, o.Return, o.Call)
		}
	}
	events := operationEvents(ops)
	open := map[int]int{} // by process, the operation
	of := make([]int, len(ops))
	h := &history.History{}
	for _, e := range events {
		o := ops[e.op]
		op := history.Op{Time: time.Duration(e.at - events[0].at), Process: of[e.op], Type: e.kind, Output: nil}
		if e.kind == history.Invoke {
			p, err := operationProcess(ops, open, e.op, len(clients) == 1)
			if err != nil {
				return nil, err
			}
			open[p], of[e.op] = e.op, p
			op.Process, op.Input = p, o.Input
		} else {
			delete(open, of[e.op])
			op.Output = o.Output
		}
		h.Add(op)
	}
	return h, nil
}

// returns reports whether an operation came back.
func returns(o porcupine.Operation) bool {
	return o.Return != math.MaxInt64 && (o.Return != 0 || o.Call <= 0)
}

// An operationEvent is one end of an operation.
type operationEvent struct {
	at   int64
	kind history.Type
	op   int
}

// operationEvents returns the ends of operations in the order of their times; of two at
// one time, a call comes first.
func operationEvents(ops []porcupine.Operation) (events []operationEvent) {
	for i, o := range ops {
		events = append(events, operationEvent{o.Call, history.Invoke, i})
		if returns(o) {
			events = append(events, operationEvent{o.Return, history.OK, i})
		}
	}
	sorting.Stable(events, func(a, b operationEvent) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind))
	})
	return events
}

// operationProcess returns the process of an operation that begins.
func operationProcess(ops []porcupine.Operation, open map[int]int, i int, alone bool) (int, error) {
	p := ops[i].ClientId
	other, busy := open[p]
	switch {
	case busy && !alone:
		return 0, fmt.Errorf("operation %d of client %d begins at %d, while operation %d of it is open: "+
			"give each client a ClientId of its own, or all of them the same", i, p, ops[i].Call, other)
	case busy:
		for p = 0; ; p++ {
			if _, busy := open[p]; !busy {
				return p, nil
			}
		}
	}
	return p, nil
}
