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

// Convergent returns a checker of eventual convergence: replicas agree once writes and faults have ended
// (Vogels, Eventually Consistent, 2009). It compares the last read of each key by each session, if it
// began after the last fault was healed, as far as the history has ops of a nemesis, and after all writes to the key
// had ended. These reads must see one value, and not one that had certainly been replaced by a write that began after
// it had been written or read, and had ended. An indeterminate write may still take effect
// late, once. Without a last read, the verdict is Unknown. It takes O(n log n).
func Convergent[S comparable, In, Out any](m model.Model[S, In, Out]) checker.Checker {
	return ruleChecker(view.Erase(m), convergent)
}

var convergent = rule{name: "convergent", holds: "converge", find: func(_ *budget.Meter, l *sessionHistory) (*violation, error) {
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
	return convergesAfter(l, from)
}}

// ConvergentSince is [Convergent] for last reads that began at that time or later, whatever the nemesis did.
func ConvergentSince[S comparable, In, Out any](m model.Model[S, In, Out], since time.Duration) checker.Checker {
	return ruleChecker(view.Erase(m), rule{name: "convergent", holds: "converge", find: func(_ *budget.Meter, l *sessionHistory) (*violation, error) {
		from := -1
		for o := range l.h.Ops() {
			if o.Time >= since {
				break
			}
			from = o.Index
		}
		return convergesAfter(l, from)
	}})
}

// convergesAfter judges the reads that began after an op.
func convergesAfter(l *sessionHistory, from int) (*violation, error) {
	judged := false
	for _, b := range l.byKey() {
		by := map[int32]int32{} // by session: its last read
		reads := b.finalReads()
		for _, i := range reads {
			by[l.calls[i].session] = i
		}
		last := slices.DeleteFunc(reads, func(i int32) bool { return l.calls[i].Call <= from || by[l.calls[i].session] != i })
		judged = judged || len(last) > 0
		if c := b.disagree(last); c != nil {
			return c, nil
		}
		if c := b.readReplaced(last); c != nil {
			return c, nil
		}
	}
	if !judged && len(l.calls) > 0 {
		return nil, fmt.Errorf("no key was read after all its writes, and all faults, had ended")
	}
	return nil, nil
}

// disagree finds two last reads that can't both be right.
func (b *keyHistory) disagree(last []int32) *violation {
	l := b.l
	late := func(i int32) bool { // whether the write that it saw may have taken effect late
		w := l.versions[l.calls[i].saw].writer
		return w != model.None && !l.calls[w].Known
	}
	conflict := func(i, j int32) *violation {
		return &violation{calls: l.withWriters([]int32{i, j}), blamed: max(i, j), key: l.calls[i].key,
			reason: fmt.Sprintf("after all writes had ended, %s %s, and %s %s", l.process(i), l.describeRead(i), l.process(j), l.describeRead(j))}
	}
	settled, arrived := model.None, model.None // a read of what can't have come late, and the first read to return of what can
	for _, i := range last {
		if late(i) {
			if arrived == model.None || l.calls[i].Ret < l.calls[arrived].Ret {
				arrived = i
			}
			continue
		}
		if settled != model.None && l.calls[settled].saw != l.calls[i].saw {
			return conflict(settled, i)
		}
		settled = i // the last of them to begin
	}
	if settled != model.None && arrived != model.None && l.calls[arrived].Ret < l.calls[settled].Call {
		return conflict(arrived, settled)
	}
	return nil
}

// readReplaced finds a last read of a value that had certainly been replaced.
func (b *keyHistory) readReplaced(last []int32) *violation {
	l := b.l
	latest := map[int32]int32{} // by write: the read of it that began last
	for _, i := range last {
		latest[b.number[l.calls[i].saw]] = i
	}
	for _, i := range last {
		v := b.number[l.calls[i].saw]
		if latest[v] != i {
			continue
		}
		for k := 1; k < len(b.writes); k++ {
			if w := &b.writes[k]; w.call > b.writes[v].end && w.end < l.calls[i].Call {
				return b.replacedViolation(i, v, w)
			}
		}
	}
	return nil
}

// replacedViolation returns the violation of a read of v, which w had replaced.
func (b *keyHistory) replacedViolation(i, v int32, w *keyWrite) *violation {
	l := b.l
	calls := []int32{i, w.op}
	for _, e := range []*keyWrite{&b.writes[v], w} {
		for _, j := range b.calls { // the read that shows by when it was written
			if l.calls[j].Ret == e.end {
				calls = append(calls, j)
			}
		}
	}
	return &violation{calls: l.withWriters(calls), blamed: i, key: l.calls[i].key,
		reason: fmt.Sprintf("after all writes had ended, %s %s, which %s had replaced by %s",
			l.process(i), l.describeRead(i), l.process(w.op), l.value(l.calls[w.op].put))}
}
