package checker

import "math"

// A Model says what a correct object does, one call after another. S is its
// state, In and Out are what calls ask and are answered. [Linearizable] turns a
// model into a [Checker].
//
// Name, Init and Step are enough. The others make checking faster, and what is
// said about a violation plainer; they must not contradict Step.
type Model[S comparable, In, Out any] struct {
	Name string
	Init S // state before the first call

	// Step returns the state after in, and whether out is a right answer to it in
	// state s. If nobody knows the answer, Step is asked with the zero Out, and
	// what it says of the answer counts for nothing: only the state does. Step
	// must not change what s, in or out point to.
	Step func(s S, in In, out Out) (S, bool)

	// Key returns the part of the object that a call touches, if calls on
	// different parts have nothing to do with each other: a history is
	// linearizable if its calls on each key are. Optional.
	Key func(in In) string

	// Describe says in a few words what was asked and, if it is known, answered.
	// Optional.
	Describe func(in In, out Out, known bool) string

	// Pure reports that a call which was answered out leaves every state as it is,
	// whenever it may happen. Optional.
	Pure func(in In, out Out) bool

	// Access says what a call reads and writes, if the object is a register: its
	// state is the value that was written last. It returns false for a call that
	// is more than that. Optional; with unique written values it turns a search
	// into a few passes. See [Access].
	Access func(in In, out Out, known bool) (Access[S], bool)

	// nothing returns the value that stands for nothing, if that is a right answer at first, beside
	// init. Where somebody found nothing and init is written, the object holds nothing at first.
	nothing func(init S) (v S, ok bool)

	// refine is Access for all calls on a key together. It is not asked unless one
	// of them is rough: Access says nothing of it.
	refine func(calls facts[In, Out]) (refinement[S], bool)
	rough  func(in In) bool

	// fold returns a function that makes one state of all those which no call of
	// these can tell apart, now or later.
	fold func(calls []fact[In, Out]) func(S) S

	// moot reports whether a call of unknown outcome may as well not have happened.
	moot func(in In) bool

	// alike appends what makes calls on a key interchangeable, if that is less than all
	// that they were asked and answered.
	alike func(b []byte, in In, out Out) []byte

	// finer tells calls on a key apart that have nothing to do with each other. It
	// returns nil if these can't be.
	finer func(calls facts[In, Out]) func(fact[In, Out]) int

	// special decides all calls on a key, by an algorithm for objects of this kind.
	special func(calls facts[In, Out]) finding

	// founded reports whether some of the calls may explain the answer to one of them,
	// whatever they were answered themselves. Without it, a search tells.
	founded func(c fact[In, Out], calls []fact[In, Out]) bool
}

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

// An Access is what a call on a register reads and writes. One that does both is
// a swap: it found Saw, and put Put in its place. A swap of which nobody knows
// whether it happened is one that would have found Saw, had it happened. One
// that does neither, such as a read that was never answered, is no matter.
type Access[S comparable] struct {
	Reads, Writes bool
	Saw, Put      S
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
