package model

// A Model is a sequential specification: it says what a correct object does, one call after another. S is its
// state, In and Out are the inputs and outputs of calls. Checkers take a model: linearizable.New, consistency.Causal and
// others.
//
// Name, Init and Step are enough. The other fields make checking faster and explanations plainer. They must not contradict
// Step.
type Model[S comparable, In, Out any] struct {
	Name string
	Init S // state before the first call

	// Step returns the state after in, and whether out is the right answer to it in
	// state s. For an indeterminate call, Step gets the zero Out, and only the state that it
	// returns counts. Step must not change what s, in or out point to.
	Step func(s S, in In, out Out) (S, bool)

	// Key returns the part of the object that a call touches, if calls on
	// different parts are independent of each other (P-compositionality): a history is
	// linearizable if its calls on each key are. Optional.
	Key func(in In) string

	// Describe describes a call in a few words: its input and, if known, its output.
	// Optional.
	Describe func(in In, out Out, known bool) string

	// Pure reports that a call with this output is read-only: it changes no state,
	// whenever it happens. Optional.
	Pure func(in In, out Out) bool

	// Access says what a call reads and writes, if the object is a register: its
	// state is the value that was written last. It returns false for a call that
	// is more than that. Optional; with unique written values it turns a search
	// into a few passes. See [Access].
	Access func(in In, out Out, known bool) (Access[S], bool)

	// Accelerators make checking faster. Optional.
	Accelerators[S, In, Out]
}

// Accelerators are hooks that make checking faster and explanations shorter. The models of this package use them, and your
// own may: each is optional, and none may contradict [Model.Step]. A search decides what they leave undecided.
type Accelerators[S comparable, In, Out any] struct {
	// Nothing returns the value that stands for "no value", if a read may return it instead of
	// init before anything is written. If a call returns it and init is written, the object holds no value at first.
	Nothing func(init S) (v S, ok bool)

	// Infer is Access for all calls on a key together: what an append found shows only in what others read. It is
	// called if NeedsInference holds of one of the calls, for which Access returns false. It returns false if the calls do
	// not determine the accesses.
	Infer          func(calls Calls[In, Out]) (Inference[S], bool)
	NeedsInference func(in In) bool

	// Canonical returns a function that maps all states which none of these calls can distinguish, now or later, to one
	// of them. A search then visits fewer configurations.
	Canonical func(calls []Call[In, Out]) func(S) S

	// NoEffect reports whether an indeterminate call can be left out: whether it happened changes nothing.
	NoEffect func(in In) bool

	// ClassKey appends the key of the equivalence class of a call: calls on a key that have the same one are
	// interchangeable. Without it, calls with the same input and output are.
	ClassKey func(b []byte, in In, out Out) []byte

	// Subkey partitions the calls on a key into groups that do not depend on each other: a history is linearizable if
	// each group is (P-compositionality). It returns nil if these calls can't be partitioned.
	Subkey func(calls Calls[In, Out]) func(Call[In, Out]) int

	// Decide is a decision procedure for the calls on a key, for objects of this kind. A search decides what it leaves
	// undecided.
	Decide func(calls Calls[In, Out]) Decision

	// Justified reports whether some of the calls can justify the answer to one of them, whatever their own answers
	// were: a dequeue is justified by an enqueue of its value. A counterexample shows a call together
	// with what justifies it. Without it, a short search decides.
	Justified func(c Call[In, Out], calls []Call[In, Out]) bool
}

// An Access is what a call on a register reads and writes. One that does both is
// a swap: it found Saw, and put Put in its place. An indeterminate swap is one that would have found Saw, had it
// happened. A call that does neither, such as a read that was never answered, is ignored.
type Access[S comparable] struct {
	Reads, Writes bool
	Saw, Put      S
}
