package consistency

import (
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/budget"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// Convergent returns a checker of whether replicas come to agree once nothing hinders them: eventual convergence
// (Vogels, Eventually Consistent, 2009). It compares the last read of each key by each session, if it
// began after the last fault had been healed, as far as the history has ops of a nemesis, and after all writes to the key
// had come to an end. They must see one value, and not one that had certainly been replaced: another was
// asked for after it had been written or seen, and was itself. An indeterminate write may still come
// late, once. Without a last read, the answer is Unknown. It takes O(n log n).
func Convergent[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return keeps(view.Erase(m), convergent)
}

var convergent = rule{name: "convergent", kept: "converge", find: func(_ *budget.Meter, l *logbook) (*breach, error) {
	from := -1
	for f := range l.h.Faults() {
		if f.Complete.Type == history.Fail {
			continue
		}
		if f.Open() {
			return nil, fmt.Errorf("the fault of op %d was never healed", f.Invoke.Index)
		}
		from = max(from, f.Complete.Index)
	}
	return l.converges(from)
}}

// ConvergentSince is [Convergent] for last reads that began at that time or later, whatever the nemesis did.
func ConvergentSince[S comparable, In, Out any](m model.Model[S, In, Out], since time.Duration) checker.Checker {
	return keeps(view.Erase(m), rule{name: "convergent", kept: "converge", find: func(_ *budget.Meter, l *logbook) (*breach, error) {
		from := -1
		for o := range l.h.Ops() {
			if o.Time >= since {
				break
			}
			from = o.Index
		}
		return l.converges(from)
	}})
}

// converges judges the reads that began after an op.
func (l *logbook) converges(from int) (*breach, error) {
	judged := false
	for _, b := range l.ledgers() {
		by := map[int32]int32{} // by session: its last read
		reads := b.lastReads()
		for _, i := range reads {
			by[l.turns[i].session] = i
		}
		last := slices.DeleteFunc(reads, func(i int32) bool { return l.turns[i].Call <= from || by[l.turns[i].session] != i })
		judged = judged || len(last) > 0
		if c := b.differ(last); c != nil {
			return c, nil
		}
		if c := b.replaced(last); c != nil {
			return c, nil
		}
	}
	if !judged && len(l.turns) > 0 {
		return nil, fmt.Errorf("no key was read after all its writes, and all faults, had come to an end")
	}
	return nil, nil
}

// differ finds two last reads that can not both be right.
func (b *ledger) differ(last []int32) *breach {
	l := b.l
	late := func(i int32) bool { // whether what it saw may have come late
		w := l.versions[l.turns[i].saw].writer
		return w != model.None && !l.turns[w].Known
	}
	tell := func(i, j int32) *breach {
		return &breach{turns: l.sourced([]int32{i, j}), culprit: max(i, j), key: l.turns[i].key,
			reason: fmt.Sprintf("after all writes had come to an end, %s %s, and %s %s", l.who(i), l.told(i), l.who(j), l.told(j))}
	}
	settled, arrived := model.None, model.None // a read of what can not have come late, and the first to return of what can
	for _, i := range last {
		if late(i) {
			if arrived == model.None || l.turns[i].Ret < l.turns[arrived].Ret {
				arrived = i
			}
			continue
		}
		if settled != model.None && l.turns[settled].saw != l.turns[i].saw {
			return tell(settled, i)
		}
		settled = i // the last of them to begin
	}
	if settled != model.None && arrived != model.None && l.turns[arrived].Ret < l.turns[settled].Call {
		return tell(arrived, settled)
	}
	return nil
}

// replaced finds a last read of what had certainly been replaced.
func (b *ledger) replaced(last []int32) *breach {
	l := b.l
	latest := map[int32]int32{} // by write: the read of it that began last
	for _, i := range last {
		latest[b.number[l.turns[i].saw]] = i
	}
	for _, i := range last {
		v := b.number[l.turns[i].saw]
		if latest[v] != i {
			continue
		}
		for k := 1; k < len(b.writes); k++ {
			if w := &b.writes[k]; w.call > b.writes[v].end && w.end < l.turns[i].Call {
				return b.tellReplaced(i, v, w)
			}
		}
	}
	return nil
}

func (b *ledger) tellReplaced(i, v int32, w *entry) *breach {
	l := b.l
	turns := []int32{i, w.turn}
	for _, e := range []*entry{&b.writes[v], w} {
		for _, j := range b.turns { // who shows by when it was there
			if l.turns[j].Ret == e.end {
				turns = append(turns, j)
			}
		}
	}
	return &breach{turns: l.sourced(turns), culprit: i, key: l.turns[i].key,
		reason: fmt.Sprintf("after all writes had come to an end, %s %s, which %s had replaced by %s",
			l.who(i), l.told(i), l.who(w.turn), l.text(l.turns[w.turn].put))}
}
