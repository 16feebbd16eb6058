package checker

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
	refine func(calls) (refinement[S], bool)

	// fold returns a function that makes one state of all those which no call of
	// these can tell apart, now or later.
	fold func(calls) func(S) S

	own
}

// An own is what only models of this package say. It is said without the types of the model, so that the compiler
// need not make it once more in each package that checks by a model; [onInput] and the like take functions with types.
type own struct {
	rough func(in any) bool // see Model.refine

	// moot reports whether a call of unknown outcome may as well not have happened.
	moot func(in any) bool

	// alike appends what makes calls on a key interchangeable, if that is less than all
	// that they were asked and answered.
	alike func(b []byte, in, out any) []byte

	// finer tells calls on a key apart that have nothing to do with each other, by their indexes. It
	// returns nil if these can't be.
	finer func(calls) func(i int) int

	// special decides all calls on a key, by an algorithm for objects of this kind.
	special func(calls) finding

	// founded reports whether some of the calls may explain the answer to one of them,
	// whatever they were answered themselves. Without it, a search tells.
	founded func(calls) func(i int) bool
}

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
