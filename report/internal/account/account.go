// Package account says in a few numbered sentences how an anomaly came about: who led, what was cut, which nodes had a
// write, and what answered without asking.
//
// Every sentence is derived from facts: the calls of a counterexample, the history, the faults, and the trace of the
// network and the hosts where one was recorded. What they do not show is not said. Each kind of finding has a file of its
// own; [Kinds] lists them.
package account

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
)

// Most is how many steps an account has at most.
const Most = 7

// Unknown is the instant of a step of which it is not known when it happened.
const Unknown = time.Duration(-1)

// A Case is what an account is derived from. Every field is optional.
type Case struct {
	Checker  string                  // the check that decides the verdict
	Reason   string                  // its sentence
	Verdict  checker.Verdict         // its verdict
	Why      *checker.Counterexample // nil if the check has none
	History  *history.History
	Faults   []Fault // in the order in which they were injected
	Findings []Finding
	Trace    *trace.Trace // nil if none was recorded
	Nodes    int          // of the cluster; 0 if it is not known
	Clients  int          // of the cluster: process p is one of client p mod Clients; 0 if it is not known
	End      time.Duration
	Ordered  bool // the history has an order and no times: the Time of an op is its position
}

// A Fault is one that was active from From to To.
type Fault struct {
	From, To time.Duration
	Name     string // "n2 | n1 n3", "crash n1"
}

// A Finding is misbehaviour of code on a host: a panic, a hang, a goroutine that was left behind.
type Finding struct {
	Host string        // empty if it belongs to none
	What string        // one sentence
	At   time.Duration // since the run began; 0 if it is not known
}

// A Step is one sentence or two of an account, with what they are about.
type Step struct {
	At       time.Duration // when; Unknown if that is not known
	Title    string        // a few words for a heading of a picture; empty if the step needs none
	Parts    []Part        // the sentences
	Decisive bool          // the rule was broken here
	Calls    []int         // indexes of the invocations in the history
	Messages []uint64      // of the trace, that the sentences are about
	Marks    []Mark        // instants on hosts to mark in a picture
	From, To time.Duration // the stretch of time that shows it; both 0 if none does

	ordered bool // At is the position of an op
	weight  int  // steps of little weight go first where there are too many
}

// A Mark is an instant on a host at which something was so.
type Mark struct {
	Host string
	At   time.Duration
	Text string // "a majority has 2791"
}

// A Part is a piece of a sentence.
type Part struct {
	Text   string
	Strong bool // it is a value or a host that the reader looks for
}

// String returns the sentences of the step.
func (s Step) String() string {
	var b strings.Builder
	for _, p := range s.Parts {
		b.WriteString(p.Text)
	}
	return b.String()
}

// When formats the instant of a step, as 0.964s, or of a history without times the position of its op, as "op 4"; it is
// empty if that is not known.
func (s Step) When() string {
	switch {
	case s.At == Unknown:
		return ""
	case s.ordered:
		return fmt.Sprint("op ", int64(s.At))
	}
	return Instant(s.At)
}

// A Kind is a kind of finding, and how it is described.
type Kind struct {
	Name string // "stale read"

	is    func(*scene) bool
	steps func(*scene) []Step
}

// Kinds lists the kinds of finding. The first that fits tells the account; the last one fits everything.
func Kinds() []Kind {
	return []Kind{
		hang, leak, panicked, noProgress, divergence,
		freeze, retryStorm, loadsAtOnce, staleCopy,
		dependencies, failedWrite, neverWritten, repeatedEffect, lostWrite, staleRead,
		finalReads, general,
	}
}

// Of returns the account of a case, in the order of time, and the kind that it is of. It is empty if nothing is known.
func Of(c Case) (steps []Step, kind string) {
	if c.Verdict == checker.Valid {
		return nil, ""
	}
	s := newScene(c)
	for _, k := range Kinds() {
		if !k.is(s) {
			continue
		}
		steps, kind = k.steps(s), k.Name
		break
	}
	steps = once(inOrder(append(steps, s.otherFindings()...)))
	if len(steps) == 1 && alike(steps[0].String(), c.Reason) {
		return nil, kind // the reason says it all
	}
	for i := range steps {
		steps[i].ordered = c.Ordered
	}
	return limit(steps, Most), kind
}

// once leaves out steps that say what one before says.
func once(steps []Step) (all []Step) {
	for _, s := range steps {
		if !slices.ContainsFunc(all, func(x Step) bool { return alike(x.String(), s.String()) }) {
			all = append(all, s)
		}
	}
	return all
}

// alike reports whether two sentences are one but for capitals and the full stop.
func alike(a, b string) bool {
	return strings.EqualFold(strings.TrimRight(a, "."), strings.TrimRight(b, "."))
}

// inOrder sorts steps by time. Those without an instant are last.
func inOrder(steps []Step) []Step {
	sorting.Stable(steps, func(a, b Step) int {
		if (a.At == Unknown) != (b.At == Unknown) {
			if a.At == Unknown {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.At, b.At)
	})
	return steps
}

// limit leaves out the steps of the least weight, the later of two alike, until at most n are left.
func limit(steps []Step, n int) []Step {
	for len(steps) > n {
		least := len(steps) - 1
		for i := len(steps) - 2; i >= 0; i-- {
			if rank(steps[i]) < rank(steps[least]) {
				least = i
			}
		}
		steps = slices.Delete(steps, least, least+1)
	}
	return steps
}

func rank(s Step) int {
	if s.Decisive {
		return 1000
	}
	return s.weight
}
