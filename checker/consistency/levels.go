package consistency

import (
	"context"
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// A Level is a consistency model that a history of registers can be judged by.
type Level struct {
	Name    string   // as in "causal-memory"
	Says    string   // what a history satisfies, in a few words
	Implies []string // the names of weaker levels that follow from it at once
	Checker checker.Checker
}

// Levels lists the consistency models that a history of m can be judged by, stronger ones first. All but
// linearizable need a model that says what a call reads and writes ([model.Model]'s Access), and unique written values.
func Levels[S comparable, In, Out any](m model.Model[S, In, Out]) []Level {
	return levelsOf(view.Erase(m), linearizable.New(m))
}

// levelsOf is Levels for a model without types.
func levelsOf(m view.Model, linearizable checker.Checker) []Level {
	weak := func(r rule, says string, implies ...string) Level {
		return Level{r.name, says, implies, ruleChecker(m, r)}
	}
	return []Level{
		{"linearizable", "one order of all calls, in real time", []string{"sequential", "2-atomic"}, linearizable},
		{"sequential", "one order of all calls, those of each session in its order", []string{"causal-memory", "causal-convergent"}, sequentially(m)},
		weak(causalConvergent, "one order of all writes, causes before effects; each call sees the writes that happened before it", "causal", "monotonic", "monotonic-writes", "writes-follow-reads"),
		{"causal-memory", "one order for each session, of all calls that happened before its own, causes before effects", []string{"causal", "pram", "writes-follow-reads"}, ruleChecker(m, causalMemory)},
		weak(causal, "one order for each call, of all calls that happened before it, causes before effects"),
		weak(pram, "one order for each session, of all writes, those of each session in its order", "monotonic", "monotonic-writes"),
		weak(monotonicPerKey, "no session goes back on a key", "read-your-writes", "monotonic-reads"),
		weak(readYourWrites, "reads see what their session wrote, or something newer"),
		weak(monotonicReads, "reads see what their session saw, or something newer"),
		weak(monotonicWrites, "a reader that sees a write also sees the earlier writes of its session"),
		weak(writesFollowReads, "a reader that sees a write also sees what its session had seen before it"),
		weak(twoAtomic, "reads see one of the two last versions"),
		{"convergent", "the last reads agree, on a value that was not replaced", nil, ruleChecker(m, convergent)},
	}
}

// Named returns the checker of a consistency model by its name: one of those of [Levels],
// or staleness or lost, which are not models.
func Named[S comparable, In, Out any](m model.Model[S, In, Out], name string) (checker.Checker, error) {
	return consistencyNamed(view.Erase(m), linearizable.New(m), name)
}

// consistencyNamed is Named for a model without types.
func consistencyNamed(m view.Model, linearizable checker.Checker, name string) (checker.Checker, error) {
	var names []string
	for _, l := range levelsOf(m, linearizable) {
		if l.Name == name {
			return l.Checker, nil
		}
		names = append(names, l.Name)
	}
	switch name {
	case "staleness":
		return stalenessReport(m), nil
	case "lost":
		return lost(m), nil
	}
	return nil, fmt.Errorf("consistency %q is none of %s, staleness, lost", name, strings.Join(names, ", "))
}

// New returns a checker that determines which consistency models a history satisfies. Its parts are the results
// for each of [Levels]; its reason names the strongest that hold. It is a report:
// its verdict is Valid whatever it finds, and Unknown if the history can't be judged. Only a
// thin-air read is Invalid: no model allows it.
//
// It does not judge again what follows from a stronger model that holds, or from a weaker one that does not.
func New[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return consistency(view.Erase(m), linearizable.New(m))
}

// consistency is New for a model without types.
func consistency(m view.Model, linearizable checker.Checker) checker.Checker {
	levels := levelsOf(m, linearizable)
	return wording.Named("consistency", checker.Func(func(ctx context.Context, h *history.History) (res checker.Result) {
		const name = "consistency"
		defer recovered(&res, name, m.Name)
		s := m.Of(h)
		l, no := sessionHistoryOf(s, name)
		if no != nil {
			return *no
		}
		if thin, bad := thinAirResult(s, name, l); bad {
			return thin
		}
		res = checker.Result{Checker: name, Parts: judgeLattice(ctx, h, levels), Later: &checker.Deferred{Explain: checker.ExplainParts}}
		var strongest, unknown []string
		for _, i := range maximal(levels, res.Parts) {
			strongest = append(strongest, levels[i].Name)
		}
		for _, p := range res.Parts {
			if p.Verdict == checker.Unknown {
				unknown = append(unknown, p.Checker)
			}
		}
		res.Reason = fmt.Sprintf("%s satisfy none of the models", words.Plural(l.total, "call"))
		if len(strongest) > 0 {
			res.Reason = fmt.Sprintf("%s satisfy %s", words.Plural(l.total, "call"), strings.Join(strongest, ", "))
		}
		if len(unknown) > 0 {
			res.Reason += "; not known: " + strings.Join(unknown, ", ")
		}
		return res
	}))
}

// Strongest returns the names of the strongest consistency models that a history satisfies: those that follow from no
// other one that it satisfies.
func Strongest[S comparable, In, Out any](ctx context.Context, m model.Model[S, In, Out], h *history.History) []string {
	levels := Levels(m)
	var names []string
	for _, i := range maximal(levels, judgeLattice(ctx, h, levels)) {
		names = append(names, levels[i].Name)
	}
	return names
}

// judgeLattice judges a history by all levels, weaker ones first if the strongest does not hold.
func judgeLattice(ctx context.Context, h *history.History, levels []Level) []checker.Result {
	index := map[string]int{}
	for i, l := range levels {
		index[l.Name] = i
	}
	results := make([]checker.Result, len(levels))
	known := make([]bool, len(levels))
	var grant func(i int, because string)
	grant = func(i int, because string) {
		for _, name := range levels[i].Implies {
			j := index[name]
			if !known[j] {
				known[j] = true
				results[j] = checker.Result{Checker: name, Reason: "it follows from " + because}
			}
			grant(j, because)
		}
	}
	judge := func(i int) {
		if known[i] {
			return
		}
		known[i] = true
		for _, name := range levels[i].Implies {
			if j := index[name]; known[j] && results[j].Verdict == checker.Invalid {
				results[i] = results[j]
				results[i].Checker, results[i].Broken, results[i].Undecided = levels[i].Name, "", ""
				results[i] = wording.Worded(results[i], levels[i].Name)
				return
			}
		}
		results[i] = levels[i].Checker.Check(ctx, h)
		if results[i].Verdict == checker.Valid {
			grant(i, levels[i].Name)
		}
	}
	judge(0)
	for i := len(levels) - 1; i > 0; i-- {
		judge(i)
	}
	return results
}

// maximal returns which levels hold and follow from no other that holds.
func maximal(levels []Level, results []checker.Result) (top []int) {
	implied := map[string]bool{}
	for i, l := range levels { // stronger ones come first
		if results[i].Verdict != checker.Valid && !implied[l.Name] {
			continue
		}
		if !implied[l.Name] {
			top = append(top, i)
		}
		for _, name := range l.Implies {
			implied[name] = true
		}
	}
	return top
}
