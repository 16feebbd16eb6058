package consistency

import (
	"context"
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/model"
)

// Losses says which writes of a history the final reads see. Only keys count that were read after all
// their writes had ended. Their last read decides; if several reads are concurrent, they all do.
type Losses struct {
	Acked             int // acknowledged writes, on keys with a last read
	Visible           int // of these: a last read saw them
	Overwritten       int // of these: a write that a last read saw may have replaced them, and a read had seen them
	OverwrittenUnseen int // the same, but no read had seen them
	NeverVisible      int // lost: a last read saw an older value, and no read had seen them
	Vanished          int // lost: a last read saw an older value, though a read had seen them

	Unjudged    int // acknowledged writes, on keys without a last read
	DirtyReads  int // reads of the value of a failed write
	Duplicated  int // values that two swaps found: a write took effect twice, or a swap did not
	Resurrected int // last values that had been replaced, as reads show, and came back
}

// CountLosses counts lost writes of a history of registers, whose written values must be
// unique. Older is certain here: the one had been written, or read, before the write of the other was invoked. It
// takes O(n log n).
func CountLosses[S comparable, In, Out any](m model.Model[S, In, Out], h *history.History) (Losses, error) {
	l, no := sessionHistoryOf(view.Erase(m).Of(h), "lost")
	if no != nil {
		return Losses{}, fmt.Errorf("lost writes: %s", no.Reason)
	}
	n, _ := lossesOf(l)
	return n, nil
}

// Lost returns a checker for lost writes: final reads see all acknowledged writes, except those that
// may have been overwritten; no failed write took effect, and no write took effect twice. See [Losses].
func Lost[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return lost(view.Erase(m))
}

// lost is Lost for a model without types. A thin-air read comes first, since no other count explains it.
func lost(m view.Model) checker.Checker {
	return wording.Named("lost", checker.Func(func(_ context.Context, h *history.History) (res checker.Result) {
		const name = "lost"
		defer recovered(&res, name, m.Name)
		s := m.Of(h)
		l, no := sessionHistoryOf(s, name)
		if no != nil {
			return *no
		}
		n, b := lossesOf(l)
		res = checker.Result{Checker: name, Reason: n.String()}
		if thin, bad := thinAirResult(s, name, l); bad {
			res.Verdict, res.Counterexample = checker.Invalid, thin.Counterexample
		} else if b != nil {
			res.Verdict, res.Counterexample = checker.Invalid, l.why(b)
		} else if n.Acked == 0 && n.Unjudged > 0 {
			res.Verdict = checker.Unknown
			res.Reason = "no key was read after all its writes had ended, so it cannot be decided whether any were lost"
		}
		return res
	}))
}

// String returns the losses in one sentence.
func (n Losses) String() string {
	parts := []string{fmt.Sprintf("of %s answered, %d visible in the end and %d overwritten", words.Plural(n.Acked, "write"), n.Visible, n.Overwritten+n.OverwrittenUnseen)}
	for _, p := range []struct {
		n    int
		text string
	}{
		{n.NeverVisible, "%d lost and never seen"}, {n.Vanished, "%d seen and then gone"}, {n.DirtyReads, "%d read of what failed"},
		{n.Duplicated, "%d swapped twice"}, {n.Resurrected, "%d replaced and then back"}, {n.Unjudged, "%d not read in the end"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf(p.text, p.n))
		}
	}
	return strings.Join(parts, ", ")
}

// lossesOf counts the losses on all keys, and returns the violation that is complete first.
func lossesOf(l *sessionHistory) (n Losses, worst *violation) {
	for _, b := range l.byKey() {
		for _, i := range b.calls {
			t := &l.calls[i]
			if _, failed := l.failed[t.saw]; t.observes() && failed && l.versions[t.saw].writer == model.None {
				n.DirtyReads++
			}
		}
		if c := b.swappedTwice(&n); c != nil && worst == nil {
			worst = c
		}
		if c := b.countLosses(&n); c != nil && (worst == nil || worst.blamed > c.blamed) {
			worst = c
		}
	}
	return n, worst
}

// swappedTwice counts the versions that two swaps found.
func (b *keyHistory) swappedTwice(n *Losses) (first *violation) {
	by := map[int32]int32{}
	counted := map[int32]bool{}
	for _, i := range b.calls {
		t := &b.l.calls[i]
		if !t.observes() || t.put == model.None {
			continue
		}
		j, found := by[t.saw]
		by[t.saw] = i
		if !found || counted[t.saw] {
			continue
		}
		counted[t.saw] = true
		n.Duplicated++
		if first == nil {
			first = &violation{calls: b.l.withWriters([]int32{j, i}), blamed: i, key: t.key,
				reason: fmt.Sprintf("%s and %s both swapped %s for something else", b.l.process(j), b.l.process(i), b.l.valueOn(t.saw, "in"))}
		}
	}
	return first
}

// finalReads returns the reads that began after all writes to the key had
// ended, indeterminate ones included.
func (b *keyHistory) finalReads() (reads []int32) {
	end := -1
	for _, w := range b.writes[1:] {
		t := &b.l.calls[w.op]
		end = max(end, t.Call, t.End)
	}
	for _, i := range b.calls {
		t := &b.l.calls[i]
		if _, known := b.number[t.saw]; t.observes() && t.put == model.None && known && t.Call > end {
			reads = append(reads, i)
		}
	}
	return reads
}

// notFollowed removes the reads after whose return another one began.
func notFollowed(l *sessionHistory, reads []int32) (last []int32) {
	for _, i := range reads {
		if l.calls[i].Ret > l.calls[reads[len(reads)-1]].Call {
			last = append(last, i)
		}
	}
	return last
}

// countLosses classifies the acknowledged writes, and returns the first loss.
func (b *keyHistory) countLosses(n *Losses) (first *violation) {
	l := b.l
	last := notFollowed(l, b.finalReads())
	seen := map[int32]int32{} // by write: the first read of it
	for _, i := range b.calls {
		t := &l.calls[i]
		w, ok := b.number[t.saw]
		if _, before := seen[w]; ok && t.observes() && !before {
			seen[w] = i
		}
	}
	saw := map[int32]bool{}
	newest := model.None // of the last reads' values, the one that was certainly written last
	var reader int32
	for _, i := range last {
		w := b.number[l.calls[i].saw]
		saw[w] = true
		if newest == model.None || b.writes[w].end > b.writes[newest].end {
			newest, reader = w, i
		}
	}
	back := false
	for k := 1; k < len(b.writes); k++ {
		w := &b.writes[k]
		if !l.calls[w.op].Known {
			continue
		}
		if newest == model.None {
			n.Unjudged++
			continue
		}
		n.Acked++
		at, before := seen[int32(k)]
		switch older := b.writes[newest].end < w.call; {
		case saw[int32(k)]:
			n.Visible++
		case !older && before:
			n.Overwritten++
		case !older:
			n.OverwrittenUnseen++
		default:
			first = b.lossViolation(first, w, newest, reader, at, before)
			if before {
				n.Vanished++
				back = back || b.writes[newest].op != model.None && seen[newest] != reader && l.calls[seen[newest]].Ret < l.calls[at].Ret
			} else {
				n.NeverVisible++
			}
		}
	}
	n.Resurrected += view.BoolInt(back)
	return first
}

// lossViolation returns the violation of a lost write, unless first is one already.
func (b *keyHistory) lossViolation(first *violation, w *keyWrite, newest, reader, at int32, seen bool) *violation {
	if first != nil {
		return first
	}
	l := b.l
	c := &violation{calls: []int32{w.op, reader}, blamed: reader, key: l.calls[w.op].key}
	fate := ", but no read ever saw it"
	switch {
	case seen && l.calls[at].Ret < l.calls[reader].Call:
		c.calls = append(c.calls, at)
		fate = fmt.Sprintf(", and %s saw it, but then it was gone", l.process(at))
	case seen: // by a read that would be a last one without the other calls
		fate = ", but in the end it was gone"
	}
	c.reason = fmt.Sprintf("%s wrote %s and was answered%s", l.process(w.op), l.valueOn(l.calls[w.op].put, "to"), fate)
	if older := b.writes[newest].op; older != model.None {
		c.calls = append(c.calls, older)
		if b.writes[newest].end != l.calls[older].Ret { // a read saw it before it returned
			for _, i := range b.calls {
				if l.calls[i].Ret == b.writes[newest].end {
					c.calls = append(c.calls, i)
				}
			}
		}
	}
	c.reason += fmt.Sprintf(": %s %s, which is older", l.process(reader), l.describeRead(reader))
	return c
}
