package vacuity

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/shapes"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// Of reports whether a history is vacuous, so that a valid verdict means nothing, and
// says why in one sentence. It is if it has no call, if no call succeeded, or if no
// call of some kind did: a store whose writes all fail answers every read correctly.
//
// The kind of a call is the field F of its input (f in JSON, F of a [history.JepsenOp]).
// A transaction is of the kinds of its steps. If no input has an F, all calls are of one kind.
//
// A call has succeeded if it is OK. A cas or a release has also succeeded if it failed without an
// error: "no" is an answer, which says that the register held another value or the lock was free.
// With an error it has not. A dequeue, pop, acquire or transfer has not succeeded if the answer was
// "no": models ignore failed calls, so a queue that loses all would be valid.
//
// Kinds in mayFail need not succeed, but some call must. O(n).
func Of(h *history.History, mayFail ...string) (reason string, vacuous bool) {
	s := countKinds(h)
	switch {
	case s.all.calls == 0 && s.completions > 0:
		return fmt.Sprintf("no operation was invoked: the history has %s and no invocation", words.Plural(s.completions, "completion")), true
	case s.all.calls == 0:
		return "no operation was invoked: the history has no calls", true
	case s.all.ok == 0:
		return s.all.none(), true
	}
	for _, k := range s.kinds {
		if k.ok == 0 && !slices.Contains(mayFail, k.name) {
			return k.none(), true
		}
	}
	return "", false
}

// Kinds returns the kinds of the calls of a history, sorted; see [Of]. O(n).
func Kinds(h *history.History) (names []string) {
	for _, k := range countKinds(h).kinds {
		names = append(names, k.name)
	}
	return names
}

// Succeeded returns a checker that is Unknown if the history is [Of], and Valid otherwise.
// Its reason says how many calls of each kind succeeded.
func Succeeded(mayFail ...string) checker.Checker {
	return checker.Func(func(_ context.Context, h *history.History) (r checker.Result) {
		r.Checker, r.Undecided = "calls succeeded", "too few calls succeeded"
		defer func() {
			if p := recover(); p != nil {
				r.Verdict, r.Reason = checker.Unknown, fmt.Sprintf("an input panicked: %v", p)
			}
		}()
		if reason, vacuous := Of(h, mayFail...); vacuous {
			r.Verdict, r.Reason = checker.Unknown, reason
			return r
		}
		r.Reason = countKinds(h).String()
		return r
	})
}

// Grounded returns c with Unknown in place of Valid for vacuous histories; see [Of].
// A history that c finds invalid stays invalid.
func Grounded(c checker.Checker, mayFail ...string) checker.Checker {
	return checker.Func(func(ctx context.Context, h *history.History) checker.Result {
		r := c.Check(ctx, h)
		if r.Verdict != checker.Valid {
			return r
		}
		if s := Succeeded(mayFail...).Check(ctx, h); s.Verdict != checker.Valid {
			r.Verdict, r.Reason, r.Undecided = s.Verdict, s.Reason, s.Undecided
		}
		return r
	})
}

// conditional are the kinds of call that a correct object may always answer with "no".
var conditional = []string{"cas", "release"}

// uninformative are the kinds of call whose answers say nothing of the object.
var uninformative = []string{"write", "put", "append", "add", "remove", "insert", "enqueue", "push", "transfer"}

// Unread reports whether a history has no answer that a rule about reads could judge: its calls only write, or
// found no elements. It says so in one sentence. O(n).
func Unread(h *history.History) (reason string, unread bool) {
	s := countKinds(h)
	var asked []string
	takes := 0
	for _, k := range s.kinds {
		switch {
		case k.name == "dequeue" || k.name == "pop":
			takes += k.calls
		case !slices.Contains(uninformative, k.name):
			return "", false
		}
		asked = append(asked, fmt.Sprintf("%d %s", k.calls, k.noun(k.calls)))
	}
	for c := range h.Calls() {
		switch out := c.Complete.Output.(type) {
		case []int:
			if len(out) > 0 {
				return "", false // an append to a log returned an offset
			}
		case int:
			if takes > 0 && out != model.Nil && !slices.Contains(uninformative, s.kindOf(c)) {
				return "", false
			}
		case history.JepsenOp:
			if takes > 0 && out.Value != nil && !slices.Contains(uninformative, out.F) {
				return "", false
			}
		}
	}
	switch {
	case len(asked) == 0:
		return "", false
	case takes > 0:
		return "nothing ever came out, so nothing could be wrong: all that was asked is " + strings.Join(asked, ", "), true
	}
	return "nothing was ever read, so nothing could be wrong: all that was asked is " + strings.Join(asked, ", "), true
}

// A callKind counts the calls of one kind.
type callKind struct {
	name      string // F; empty for calls without one
	step      bool   // whether it is a step of transactions
	calls, ok int
	fail      int    // that failed, and for which a failure is no success
	first     string // the first error
}

// The kindCounts count the calls of a history, by kind.
type kindCounts struct {
	all         callKind
	kinds       []*callKind // in the order of their names
	completions int         // without an invocation
}

// countKinds counts the calls of each kind.
func countKinds(h *history.History) kindCounts {
	var s kindCounts
	by := map[string]*callKind{}
	var shapes shapes.FieldReader
	var one [1]string
	var names []string
	var steps bool
	for c := range h.Calls() {
		s.all.add(c, false)
		if f, ok := shapes.Function(c.Invoke.Input); ok {
			one[0], names, steps = f, one[:], false
		} else {
			names, steps = kindsOf(&shapes, c.Invoke)
		}
		for _, name := range names {
			k := by[name]
			if k == nil {
				k = &callKind{name: name, step: steps}
				by[name] = k
				s.kinds = append(s.kinds, k)
			}
			k.add(c, !steps && slices.Contains(conditional, name))
		}
	}
	if s.all.calls == 0 {
		for op := range h.Ops() {
			if op.Process != history.Nemesis {
				s.completions++
			}
		}
	}
	sorting.Func(s.kinds, func(a, b *callKind) int { return cmp.Compare(a.name, b.name) })
	return s
}

// add counts a call. No may be an answer to it.
func (k *callKind) add(c history.Call, mayBeNo bool) {
	k.calls++
	switch {
	case c.Complete.Type == history.OK, mayBeNo && c.Complete.Type == history.Fail && c.Complete.Err == "":
		k.ok++
		return
	case c.Complete.Type == history.Fail:
		k.fail++
	}
	if k.first == "" {
		k.first = strings.TrimSpace(c.Complete.Err)
	}
}

// none says that no call of the kind succeeded.
func (k *callKind) none() string {
	text := fmt.Sprintf("none of %s %s succeeded", words.Count(k.calls), k.noun(k.calls))
	if k.calls == 1 {
		text = fmt.Sprintf("the only %s did not succeed", k.noun(1))
	}
	switch {
	case k.first != "" && k.calls == 1:
		return fmt.Sprintf("%s: its error was %q", text, words.Abridged(k.first))
	case k.first != "":
		return fmt.Sprintf("%s: the first error was %q", text, words.Abridged(k.first))
	case k.fail == k.calls && k.calls == 1:
		return text + ": it failed"
	case k.fail == k.calls:
		return text + ": all failed"
	case k.fail == 0 && k.calls == 1:
		return text + ": it is indeterminate"
	case k.fail == 0:
		return text + ": all are indeterminate"
	}
	return fmt.Sprintf("%s: %s failed, %s indeterminate", text, words.Count(k.fail), words.Count(k.calls-k.fail))
}

// noun names n calls of the kind.
func (k *callKind) noun(n int) string {
	many := func(noun string) string {
		switch {
		case n == 1 || strings.HasSuffix(noun, "s"):
			return noun
		case strings.HasSuffix(noun, "sh") || strings.HasSuffix(noun, "x"):
			return noun + "es"
		}
		return noun + "s"
	}
	switch {
	case k.step:
		article := " with a "
		if strings.ContainsRune("aeio", rune(k.name[0])) {
			article = " with an "
		}
		return many("transaction") + article + k.name
	case k.name == "":
		return many("call")
	case k.name == "txn":
		return many("transaction")
	}
	return many(k.name)
}

// kindOf returns the kind of a call that is no transaction.
func (s kindCounts) kindOf(c history.Call) string {
	var known shapes.FieldReader
	names, _ := kindsOf(&known, c.Invoke)
	return names[0]
}

// String says how many calls of each kind succeeded.
func (s kindCounts) String() string {
	var parts []string
	for _, k := range s.kinds {
		parts = append(parts, fmt.Sprintf("%s of %s %s", words.Count(k.ok), words.Count(k.calls), k.noun(k.calls)))
	}
	return strings.Join(parts, ", ") + " succeeded"
}

// KindsOf returns the kinds of the call that an op invokes, as [Succeeded] counts them: the field F of its input, or those of the steps
// of a transaction, each once.
func KindsOf(op history.Op) []string {
	names, _ := kindsOf(new(shapes.FieldReader), op)
	return names
}

// kindsOf returns the kinds of an input, each once, and whether they are those of the
// steps of a transaction.
func kindsOf(s *shapes.FieldReader, op history.Op) (names []string, steps bool) {
	if names = stepKinds(op.Input); len(names) > 0 {
		return names, true
	}
	call, _, bad := s.Call(op, op.Index)
	if bad != nil {
		return []string{""}, false
	}
	if names = stepKinds(call.Value); len(names) > 0 {
		return names, true
	}
	return []string{call.F}, false
}

// stepKinds returns the kinds of the steps of a transaction, each once: of a slice of structs
// that have an F, or of a vector of vectors that begin with one, as Jepsen has them.
func stepKinds(in any) (names []string) {
	add := func(name string) {
		if long, ok := map[string]string{"r": "read", "w": "write"}[name]; ok {
			name = long
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if steps, ok := in.([]any); ok {
		for _, step := range steps {
			step, _ := step.([]any)
			if len(step) != 3 {
				return nil
			}
			f, ok := step[0].(edn.Keyword)
			if !ok {
				return nil
			}
			add(string(f))
		}
		return names
	}
	v := reflect.ValueOf(in)
	if !v.IsValid() || v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.Struct {
		return nil
	}
	f := shapes.Field(v.Type().Elem(), "F", reflect.String)
	for i := range v.Len() {
		if f < 0 {
			return nil
		}
		add(v.Index(i).Field(f).String())
	}
	return names
}
