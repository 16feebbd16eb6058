package resilience

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
)

// rule returns a checker. What judge returns an error for is unknown. The headlines are those of base, and name begins with it.
func rule(base, name string, judge func(h *history.History) (checker.Result, error)) checker.Checker {
	return wording.Named(base, checker.Func(func(_ context.Context, h *history.History) checker.Result {
		res, err := judge(h)
		if err != nil {
			res = checker.Result{Verdict: checker.Unknown, Reason: err.Error()}
		}
		res.Checker = name
		return res
	}))
}

// mostShown is how many calls a counterexample shows at most.
const mostShown = 60

// why returns a counterexample: core are the calls that break the rule on their own, and context is shown beside them.
// The first of core is the blamed, unless the rule is about all of them alike.
func (r *record) why(reason string, blamed bool, core []*call, context ...*call) *checker.Counterexample {
	w := &checker.Counterexample{Reason: reason, Blamed: -1, Judged: r.h.Len() / 2}
	if len(core) > mostShown {
		w.Note = fmt.Sprintf("it has %d calls, of which the first %d are shown", len(core), mostShown)
		core = core[:mostShown]
	}
	order := func(a, b *call) int { return cmp.Compare(a.inv, b.inv) }
	shown := slices.Concat(core, context)
	sorting.Func(shown, order)
	shown = slices.Compact(shown)
	for i, c := range shown {
		w.Calls = append(w.Calls, r.full(c))
		if len(context) > 0 && slices.Contains(core, c) {
			w.Core = append(w.Core, i)
		}
		if blamed && c == core[0] {
			w.Blamed = i
		}
	}
	return w
}

// compact returns the calls that are there.
func compact(calls ...*call) []*call {
	return slices.DeleteFunc(calls, func(c *call) bool { return c == nil })
}

// and joins the words of a list.
func and(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// ratio returns n / of, and 0 of nothing.
func ratio[N int | int64](n, of N) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// percent writes a share.
func percent(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) }
