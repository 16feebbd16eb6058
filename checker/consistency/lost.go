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

// Losses says what became of the writes of a history by its end. Only keys count that were read once all
// their writes had come to an end. Their last read decides; if several were under way at a time, they all do.
type Losses struct {
	Acked       int // writes that were answered, on keys with a last read
	Visible     int // of these, those that a last read saw
	Overwritten int // those that another write may have replaced, which a last read saw, and which had been seen
	Unseen      int // the same, but nobody ever saw them
	Never       int // lost: a last read saw what is older, and nobody ever saw them
	Gone        int // lost: a last read saw what is older, though they had been seen

	Unjudged int // writes that were answered, on keys without a last read
	Dirty    int // reads that saw what a failed write was to write
	Twice    int // values that two swaps have found: at least one had its effect twice, or none
	Back     int // last values that had been seen to be replaced, and came back
}

// CountLosses finds out what became of the writes to registers whose written values
// are unique. What is older is certain: the one had been written, or seen, before the other was asked for. It
// takes O(n log n).
func CountLosses[S comparable, In, Out any](m model.Model[S, In, Out], h *history.History) (Losses, error) {
	l, no := logbookOf(view.Erase(m).Of(h), "lost")
	if no != nil {
		return Losses{}, fmt.Errorf("lost writes: %s", no.Reason)
	}
	n, _ := l.losses()
	return n, nil
}

// Lost returns a checker of whether all writes that were answered are there in the end, or
// may have been overwritten, and whether none had an effect that failed, or had it twice. See [Losses].
func Lost[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return lost(view.Erase(m))
}

func lost(m view.Model) checker.Checker {
	return wording.Named("lost", checker.Func(func(_ context.Context, h *history.History) (res checker.Result) {
		const name = "lost"
		defer recovered(&res, name, m.Name)
		s := m.Of(h)
		l, no := logbookOf(s, name)
		if no != nil {
			return *no
		}
		n, b := l.losses()
		res = checker.Result{Checker: name, Reason: n.String()}
		if thin, bad := thinResult(s, name, l); bad {
			res.Verdict, res.Why = checker.Invalid, thin.Why
		} else if b != nil {
			res.Verdict, res.Why = checker.Invalid, l.why(b)
		} else if n.Acked == 0 && n.Unjudged > 0 {
			res.Verdict = checker.Unknown
			res.Reason = "no key was read after all its writes had come to an end, so nobody can tell whether any were lost"
		}
		return res
	}))
}

// String says it in one sentence.
func (n Losses) String() string {
	parts := []string{fmt.Sprintf("of %s answered, %d visible in the end and %d overwritten", words.Plural(n.Acked, "write"), n.Visible, n.Overwritten+n.Unseen)}
	for _, p := range []struct {
		n    int
		text string
	}{
		{n.Never, "%d lost and never seen"}, {n.Gone, "%d seen and then gone"}, {n.Dirty, "%d read of what failed"},
		{n.Twice, "%d swapped twice"}, {n.Back, "%d replaced and then back"}, {n.Unjudged, "%d not read in the end"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf(p.text, p.n))
		}
	}
	return strings.Join(parts, ", ")
}

func (l *logbook) losses() (n Losses, worst *breach) {
	for _, b := range l.ledgers() {
		for _, i := range b.turns {
			t := &l.turns[i]
			if _, failed := l.failed[t.saw]; t.observes() && failed && l.versions[t.saw].writer == model.None {
				n.Dirty++
			}
		}
		if c := b.swappedTwice(&n); c != nil && worst == nil {
			worst = c
		}
		if c := b.lost(&n); c != nil && (worst == nil || worst.culprit > c.culprit) {
			worst = c
		}
	}
	return n, worst
}

// swappedTwice counts the versions that two swaps found.
func (b *ledger) swappedTwice(n *Losses) (first *breach) {
	by := map[int32]int32{}
	counted := map[int32]bool{}
	for _, i := range b.turns {
		t := &b.l.turns[i]
		if !t.observes() || t.put == model.None {
			continue
		}
		j, found := by[t.saw]
		by[t.saw] = i
		if !found || counted[t.saw] {
			continue
		}
		counted[t.saw] = true
		n.Twice++
		if first == nil {
			first = &breach{turns: b.l.sourced([]int32{j, i}), culprit: i, key: t.key,
				reason: fmt.Sprintf("%s and %s both swapped %s for something else", b.l.who(j), b.l.who(i), b.l.to(t.saw, "in"))}
		}
	}
	return first
}

// lastReads returns the reads, as turns, that began after all writes to the key had
// come to an end: those that returned, and those that were given up.
func (b *ledger) lastReads() (reads []int32) {
	end := -1
	for _, w := range b.writes[1:] {
		t := &b.l.turns[w.turn]
		end = max(end, t.Call, t.End)
	}
	for _, i := range b.turns {
		t := &b.l.turns[i]
		if _, known := b.number[t.saw]; t.observes() && t.put == model.None && known && t.Call > end {
			reads = append(reads, i)
		}
	}
	return reads
}

// lastOf leaves out the reads after whose return another one began.
func (l *logbook) lastOf(reads []int32) (last []int32) {
	for _, i := range reads {
		if l.turns[i].Ret > l.turns[reads[len(reads)-1]].Call {
			last = append(last, i)
		}
	}
	return last
}

// lost sorts the writes that were answered.
func (b *ledger) lost(n *Losses) (first *breach) {
	l := b.l
	last := l.lastOf(b.lastReads())
	seen := map[int32]int32{} // by write: the first read of it
	for _, i := range b.turns {
		t := &l.turns[i]
		w, ok := b.number[t.saw]
		if _, before := seen[w]; ok && t.observes() && !before {
			seen[w] = i
		}
	}
	saw := map[int32]bool{}
	newest := model.None // of the last reads' values, the one that was certainly there latest
	var reader int32
	for _, i := range last {
		w := b.number[l.turns[i].saw]
		saw[w] = true
		if newest == model.None || b.writes[w].end > b.writes[newest].end {
			newest, reader = w, i
		}
	}
	back := false
	for k := 1; k < len(b.writes); k++ {
		w := &b.writes[k]
		if !l.turns[w.turn].Known {
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
			n.Unseen++
		default:
			first = b.tellLost(first, w, newest, reader, at, before)
			if before {
				n.Gone++
				back = back || b.writes[newest].turn != model.None && seen[newest] != reader && l.turns[seen[newest]].Ret < l.turns[at].Ret
			} else {
				n.Never++
			}
		}
	}
	n.Back += view.BoolInt(back)
	return first
}

// tellLost words the loss of a write, unless there is one to tell of already.
func (b *ledger) tellLost(first *breach, w *entry, newest, reader, at int32, seen bool) *breach {
	if first != nil {
		return first
	}
	l := b.l
	c := &breach{turns: []int32{w.turn, reader}, culprit: reader, key: l.turns[w.turn].key}
	fate := ", but nobody ever saw it"
	switch {
	case seen && l.turns[at].Ret < l.turns[reader].Call:
		c.turns = append(c.turns, at)
		fate = fmt.Sprintf(", and %s saw it, but then it was gone", l.who(at))
	case seen: // by a read that would be a last one as well, were there no other calls
		fate = ", but in the end it was gone"
	}
	c.reason = fmt.Sprintf("%s wrote %s and was answered%s", l.who(w.turn), l.to(l.turns[w.turn].put, "to"), fate)
	if older := b.writes[newest].turn; older != model.None {
		c.turns = append(c.turns, older)
		if b.writes[newest].end != l.turns[older].Ret { // it was seen before it returned
			for _, i := range b.turns {
				if l.turns[i].Ret == b.writes[newest].end {
					c.turns = append(c.turns, i)
				}
			}
		}
	}
	c.reason += fmt.Sprintf(": %s %s, which is older", l.who(reader), l.told(reader))
	return c
}
