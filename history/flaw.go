package history

import (
	"fmt"
	"strings"
)

// A Flaw is a way in which what a file says of its calls contradicts itself. A strict reader returns it as a [*FlawError]; a
// lenient one assumes what [Assumptions] says.
type Flaw uint8

const (
	// StrayCompletion is a completion without an invocation before it. A lenient reader keeps it as an op, which is part of
	// no call.
	StrayCompletion Flaw = iota
	// OpenTwice is an invocation of a process that has a call open. A lenient reader takes it for one of another process, and
	// gives a completion to the pending call whose id, f, key and value it repeats.
	OpenTwice
	// AfterInfo is an invocation of a process whose last call is indeterminate. A lenient reader takes it for one of another
	// process.
	AfterInfo
	// NoProcess is an op that names no process. A lenient reader gives a completion to the call that has been open longest of
	// those with its f.
	NoProcess
	// WrongAnswer is a completion whose f, key or value contradicts the invocation. A lenient reader takes the call for an
	// indeterminate one.
	WrongAnswer
	// OutOfOrder is a file whose lines contradict their times: calls stand one after the other that overlapped, as when a
	// line is written when a call ends, or calls overlap by lines that did not by times. A lenient reader sorts the ops by
	// their times, if all have one.
	OutOfOrder
	// Untimely is an OutOfOrder file in which some ops have no time. A lenient reader keeps the order of the lines.
	Untimely
)

// flawTexts say what a lenient reader assumes, and what a user can do.
var flawTexts = [...]struct{ one, more, hint string }{
	StrayCompletion: {"completion without an invocation was passed over", "completions without an invocation were passed over",
		"record the invocations too; if each line is written when a call ends, record both times in it (format calls), or sort the lines by time"},
	OpenTwice: {"call began while its process had another pending: it was taken for a call of another process",
		"calls began while their process had another pending: each was taken for a call of another process",
		"give each client that waits for an answer a process of its own"},
	AfterInfo: {"call began after an indeterminate one of its process: it was taken for a call of another process",
		"calls began after an indeterminate one of their process: each was taken for a call of another process",
		"give a client a new process after an info, as Jepsen does"},
	NoProcess: {"op has no process: its call was found by its f", "ops have no process: their calls were found by their f",
		"record a field process; if a field of another name has it, say --rename field:NAME=process"},
	WrongAnswer: {"answer contradicts its call, which was taken for an indeterminate one",
		"answers contradict their calls, which were taken for indeterminate ones",
		"see which call the answer belongs to: the process may be wrong, or the value recorded in the wrong op"},
	OutOfOrder: {"line was moved to where its time puts it", "lines were moved to where their times put them",
		"sort the lines by time, or record one line a call with both times (format calls)"},
	Untimely: {"time contradicts the order of the lines, which was kept because not all ops have times",
		"times contradict the order of the lines, which was kept because not all ops have times",
		"record the time of each op, or none"},
}

// A FlawError says that ops contradict each other. Where is in the [*FileError] around it.
type FlawError struct {
	Flaw Flaw
	Text string
}

// Error says what contradicts what.
func (e *FlawError) Error() string { return e.Text }

// Hint says what a user can do about it, other than to read leniently.
func (e *FlawError) Hint() string { return flawTexts[e.Flaw].hint }

// An Assumption is what a lenient reader assumed of the flaws of one kind.
type Assumption struct {
	Flaw  Flaw
	Count int // how often
	Line  int // the first line that has it, from 1

	words Words
}

// Words say what a lenient reader assumes of one flaw of a kind, and of several.
type Words struct{ One, More string }

// String says what was assumed, how often, and where first.
func (a Assumption) String() string {
	if a.Count == 1 {
		return fmt.Sprintf("1 %s (line %d)", a.words.One, a.Line)
	}
	return fmt.Sprintf("%d %s (the first in line %d)", a.Count, a.words.More, a.Line)
}

// Assumptions is what a lenient reader assumed, by kind, in the order in which the kinds were met. The zero value is empty:
// the file was read as it is.
type Assumptions []Assumption

// String returns all of them as one sentence, without its end.
func (a Assumptions) String() string {
	var parts []string
	for _, one := range a {
		parts = append(parts, one.String())
	}
	return strings.Join(parts, "; ")
}

// Add counts one more flaw.
func (a *Assumptions) Add(f Flaw, line int) {
	a.AddAs(f, Words{flawTexts[f].one, flawTexts[f].more}, line)
}

// AddAs counts one more flaw of which the reader assumes something else than those of this package.
func (a *Assumptions) AddAs(f Flaw, words Words, line int) {
	for i := range *a {
		if (*a)[i].Flaw == f {
			(*a)[i].Count++
			return
		}
	}
	*a = append(*a, Assumption{f, 1, line, words})
}

// keyed checks that all calls of a history have keys, or none: a call without one would otherwise be taken for a call of the
// key "".
type keyed struct {
	with, without int // the lines of the first invocation with a key, and without
}

// A noKeyError says that a call has no key, although others have one.
type noKeyError struct {
	line int // of the call
	text string
}

func (e *noKeyError) Error() string { return e.text }

// add shows it the next op. Only invocations count: a completion has the key of its call.
func (k *keyed) add(op *Op, rec *record) error {
	if op.Process == Nemesis || op.Type != Invoke {
		return nil
	}
	switch {
	case rec.hasKey && k.with == 0:
		k.with = rec.line
	case !rec.hasKey && k.without == 0:
		k.without = rec.line
	}
	if k.with == 0 || k.without == 0 {
		return nil
	}
	return &noKeyError{k.without, fmt.Sprintf("this call has no key, but that of line %d has one: "+
		"give all calls a key, or none; if a field of another name has it, say --rename field:NAME=key", k.with)}
}
