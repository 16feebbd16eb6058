package model

import "math"

// Never is the instant at which an indeterminate call returns: it may take effect at any time after its invocation, or not at all.
const Never = math.MaxInt

// None stands for no call, where an index of one is expected.
const None = int32(-1)

// A Call is one call as an accelerator sees it: with its types, and the instants of its ends. Instants are
// indexes of ops in the history, so no two are the same. A call that failed is not among them.
type Call[In, Out any] struct {
	In                In
	Out               Out  // if it is known
	Known             bool // whether it returned; otherwise it is indeterminate
	Invoked, Returned int  // Returned is Never for an indeterminate call
}

// Calls are the calls on one key, in the order of their invocations. At makes each on demand: all of them
// together take more memory than all else.
type Calls[In, Out any] struct {
	N  int
	At func(i int) Call[In, Out]
}

// All makes all calls.
func (c Calls[In, Out]) All() []Call[In, Out] {
	all := make([]Call[In, Out], c.N)
	for i := range all {
		all[i] = c.At(i)
	}
	return all
}

// A Decision is what [Accelerators.Decide] finds: [Undecided], [Satisfied] or [Violated].
type Decision struct {
	Decided  bool
	Conflict []int  // indexes of calls that contradict each other on their own, first the one to blame; nil if Satisfied
	Reason   string // the end of a sentence that begins with the answer to that call
}

// Undecided leaves the calls to a search. Satisfied says that they are linearizable.
var (
	Undecided = Decision{}
	Satisfied = Decision{Decided: true}
)

// Violated says that calls contradict each other. The first is to blame, and reason completes a sentence that begins with
// its answer: "process 1 was answered dequeue → 7, which was never enqueued".
func Violated(reason string, calls ...int) Decision {
	return Decision{Decided: true, Conflict: calls, Reason: reason}
}

// An Inference is what [Accelerators.Infer] finds: what each call read and wrote.
type Inference[S comparable] struct {
	By       []Access[S] // by call
	ShownBy  []int32     // by call, the index of the call whose answer shows it, or None
	Conflict []int       // calls whose answers contradict each other already; nil if none do
}
