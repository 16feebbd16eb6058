package checker

import (
	"math"
)

// never is the instant at which a call returns of which nobody knows whether,
// or when, it happened.
const never = math.MaxInt

// none stands for no call, where an index of one is due.
const none = int32(-1)

// A fact is a call with its types, and the instants of its ends.
type fact[In, Out any] struct {
	in        In
	out       Out
	known     bool
	call, ret int
}

// A finding is what an algorithm for one kind of object found out.
type finding struct {
	decided bool
	bad     []int  // calls that contradict each other on their own, the culprit first; none if all is well
	reason  string // the end of a sentence that begins with what the culprit was answered
}

var (
	undecided = finding{}
	allWell   = finding{decided: true}
)

func found(reason string, bad ...int) finding {
	return finding{decided: true, bad: bad, reason: reason}
}

// A refinement says what calls read and wrote, where that takes more than one
// call to see.
type refinement[S comparable] struct {
	by    []Access[S] // one a call
	shown []int32     // by call, the one that shows what it read and wrote, or none
	clash []int       // calls that contradict each other without more ado
}

// Facts are made when they are asked for: those of all calls take more memory than all else.
type facts[In, Out any] struct {
	n  int
	of func(i int) fact[In, Out]
}

func (f facts[In, Out]) all() []fact[In, Out] {
	calls := make([]fact[In, Out], f.n)
	for i := range calls {
		calls[i] = f.of(i)
	}
	return calls
}
