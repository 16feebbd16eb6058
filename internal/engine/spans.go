package engine

import (
	"container/heap"
	"sync"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/goroutines"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/workloads"
)

// SpanProcesses is the least process of a span beside clients that make one call at a time. These take a new
// number for each call whose outcome is indeterminate, and never come so far.
const SpanProcesses = 1_000_000

// A spans records the calls that are no turn of a client: the spans of hosts, and the requests of an open load. Each is a
// process of its own while it lasts. The number of a process is used again once its call has ended with a known outcome.
type spans struct {
	e *engine

	mu     sync.Mutex
	next   int          // the least number that was never used
	free   numbers      // that were used, and may be used again
	open   map[int]bool // calls that have not ended
	closed bool         // no call ends any more
}

func newSpans(e *engine) *spans {
	s := &spans{e: e, next: SpanProcesses, open: map[int]bool{}}
	if e.config.Workload.Arrivals != nil {
		s.next = e.config.Clients // the numbers below are those of the final calls
	}
	return s
}

// Begin records the invocation of a span; see [cluster.SpanRecorder].
func (s *spans) Begin(h *cluster.Host, in any) (process int, end func(out any, err error)) {
	op := history.Op{Process: s.take(), Node: h.Node(), Input: in}
	s.e.record(op)
	return op.Process, func(out any, err error) { s.end(op, out, err) }
}

// take returns the least number that no call has.
func (s *spans) take() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.next
	if len(s.free) > 0 {
		n = heap.Pop(&s.free).(int)
	} else {
		s.next++
	}
	s.open[n] = true
	return n
}

// end records the completion of a call, unless it has been recorded, and frees its process.
func (s *spans) end(op history.Op, out any, err error) {
	s.mu.Lock()
	if s.closed || !s.open[op.Process] {
		s.mu.Unlock()
		return
	}
	delete(s.open, op.Process)
	s.mu.Unlock()
	done := completion(op, out, err)
	s.e.record(done)
	if done.Type == history.Info {
		return
	}
	s.mu.Lock()
	heap.Push(&s.free, op.Process)
	s.mu.Unlock()
}

// completion returns the op with which a call ends.
func completion(op history.Op, out any, err error) history.Op {
	op.Input = nil
	op.Type = workloads.Outcome(err)
	if op.Type == history.OK {
		op.Output = out
	} else {
		op.Err = err.Error()
	}
	return op
}

// close ends the recording: what is open stays so. Of a call whose goroutine still waits, it records where.
func (s *spans) close() {
	s.mu.Lock()
	s.closed = true
	open := sorting.Keys(s.open)
	s.mu.Unlock()
	if len(open) == 0 {
		return
	}
	waits := goroutines.Waits(goroutines.LeftBehind(s.e.runLabel))
	for _, process := range open {
		if where, ok := waits[process]; ok {
			s.e.record(history.Op{Process: process, Node: where.Host, Type: history.Info, Err: where.String()})
		}
	}
}

// numbers is a heap of process numbers.
type numbers []int

func (n numbers) Len() int           { return len(n) }
func (n numbers) Less(i, j int) bool { return n[i] < n[j] }
func (n numbers) Swap(i, j int)      { n[i], n[j] = n[j], n[i] }
func (n *numbers) Push(x any)        { *n = append(*n, x.(int)) }
func (n *numbers) Pop() any {
	last := len(*n) - 1
	x := (*n)[last]
	*n = (*n)[:last]
	return x
}
