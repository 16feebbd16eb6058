package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// ExplainThinAir gives the reason for a thin-air read. The value was asked for by a call
// that failed, by a swap that found another value, by one that began later, on another key, or by
// none. It adds the call that asked for it.
func (s View) ExplainThinAir(w *checker.Counterexample, thinAir Span) {
	a, _ := s.Access(thinAir)
	seen := s.Call(thinAir)
	d := operation{a, seen, s.asksToWrite(thinAir)}
	what := d.did(w.Key)
	if d.Writes {
		what = fmt.Sprintf("found %s%s", words.Value(d.Saw), words.Of(w.Key, "in"))
	}
	w.Reason = fmt.Sprintf("%s %s, which was never written", d.process(), what)
	if c := s.lastWrite(w.Key, seen); c != nil && a.Saw == any(model.Nil) {
		put, _ := s.Access(SpanOf(*c))
		w.Reason = fmt.Sprintf("%s found nothing%s, but process %d had written %s %s", d.process(), words.Of(w.Key, "in"),
			c.Invoke.Process, words.Value(put.Put), d.after(*c))
		addCall(w, *c)
	} else if c, elsewhere := s.suspect(w.Key, a.Saw, seen); c != nil {
		by := fmt.Sprintf("process %d", c.Invoke.Process)
		asked := strings.TrimSuffix(s.describe(c.Invoke.Input, s.Zero, false), " → ?")
		switch {
		case elsewhere:
			w.Reason = fmt.Sprintf("%s %s, which was never written there; %s asked for it on %s: %s", d.process(), what, by, s.KeyOf(c.Invoke.Input), asked)
		case c.Complete.Type == history.Fail:
			w.Reason = fmt.Sprintf("%s %s, but %s had failed to write it%s", d.process(), what, by, words.Because(c.Complete.Err))
		case c.Complete.Type == history.OK:
			got, _ := s.Access(SpanOf(*c))
			w.Reason = fmt.Sprintf("%s %s; only %s's %s could have written it, and it was answered that it had found %s",
				d.process(), what, by, asked, words.Value(got.Saw))
		case seen.Returned() < c.Invoke.Index:
			w.Reason = fmt.Sprintf("%s %s %s before %s began to write it", d.process(), what,
				words.Duration(c.Invoke.Time-seen.Complete.Time), by)
		}
		addCall(w, *c)
	}
	w.Blamed = slices.IndexFunc(w.Calls, func(c history.Call) bool { return c.Invoke.Index == thinAir.Call })
}

// addCall adds a call to a counterexample, in its place.
func addCall(w *checker.Counterexample, c history.Call) {
	at := slices.IndexFunc(w.Calls, func(d history.Call) bool { return d.Invoke.Index > c.Invoke.Index })
	if at < 0 {
		at = len(w.Calls)
	}
	w.Calls = slices.Insert(w.Calls, at, c)
}
