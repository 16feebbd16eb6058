package txn

import (
	"context"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/txn/internal/graph"
	"github.com/capsize-go/capsize/history"
)

// A lists has what a history of lists says: which appends there are of each key, and in which order the longest read shows them.
//
// Versions of a key are numbered by the lengths of lists: version 0 is the empty list, and the append at position i of the order makes
// version i+1.
type lists struct {
	h         *History
	appends   []appended                // by key, and of each in the order of transactions
	first     []int32                   // by key: where its appends begin
	of        []int32                   // by operation: its index in appends
	order     []Op                      // by key: the longest read; zero if all were empty
	writers   []int32                   // by key: which append each position of the order is, or -1 for a value that no transaction appended
	start     []int32                   // by key: where its writers begin
	committed []bool                    // by transaction
	unread    []int32                   // by key: transactions that appended what was never read, each once
	unreadAt  []int32                   // by key: where they begin
	odd       map[int32]int32           // reads that are no prefix of the longest of their key, and whose they are, from 1
	lone      []int32                   // by key: the one transaction that read the whole order and appended to it unread, from 1; -1 if several did
	scratch   []graph.Edge              // of a search
	byValue   map[int32]map[int32]int32 // by key: its appends by value, of keys that were read in several orders
}

// An appended is one append.
type appended struct {
	value, txn, op int32
	at             int32 // position in the order, or -1 if it was never read
	seen           bool  // by a read that is no prefix of the longest
	last           bool  // the last of its transaction to this key
}

func judgeLists(ctx context.Context, h *History, o Options) (*Report, error) {
	l, err := newLists(h)
	if err != nil {
		return nil, err
	}
	j := newJudging(h, o)
	listChecks{l}.findLocal(j)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	listJudge{l}.judge(j)
	judged := 0
	for _, c := range l.committed {
		if c {
			judged++
		}
	}
	return j.report(judged), nil
}

func newLists(h *History) (*lists, error) {
	l := &lists{h: h, committed: make([]bool, len(h.Txns)), odd: map[int32]int32{}, byValue: map[int32]map[int32]int32{}, lone: make([]int32, len(h.Keys))}
	if err := l.collect(); err != nil {
		return nil, err
	}
	if err := l.arrange(); err != nil {
		return nil, err
	}
	l.commit()
	l.findUnread()
	return l, nil
}

// collect sorts the appends by key, and finds the longest read of each.
func (l *lists) collect() error {
	h := l.h
	l.order = make([]Op, len(h.Keys))
	l.first = make([]int32, len(h.Keys)+2)
	count := l.first[1:]
	for t, x := range h.Txns {
		l.committed[t] = x.Type == history.OK
		for _, o := range h.Ops[x.First:x.Last] {
			switch {
			case o.F == Append:
				count[o.Key+1]++
			case o.F != Read:
				return fmt.Errorf("T%d (%s) has an operation that is no append and no read of a list", t, h.where(int32(t)))
			case o.Known && o.Value != Nil:
				return fmt.Errorf("T%d (%s) reads %s as a single value, and not as a list", t, h.where(int32(t)), h.Keys[o.Key])
			case o.Known && o.Len > l.order[o.Key].Len:
				l.order[o.Key] = o
			}
		}
	}
	for k := range h.Keys {
		count[k+1] += count[k]
	}
	l.appends = make([]appended, count[len(h.Keys)])
	l.of = make([]int32, len(h.Ops))
	for t, x := range h.Txns {
		for i := x.First; i < x.Last; i++ {
			if o := h.Ops[i]; o.F == Append {
				at := count[o.Key]
				count[o.Key]++
				l.of[i] = at
				l.appends[at] = appended{value: o.Value, txn: int32(t), op: i, at: -1, last: true}
				if at > l.first[o.Key] && l.appends[at-1].txn == int32(t) {
					l.appends[at-1].last = false
				}
			}
		}
	}
	l.first = l.first[:len(h.Keys)+1]
	return nil
}

// arrange finds out which append each element of each longest read is.
func (l *lists) arrange() error {
	l.start = make([]int32, len(l.order)+1)
	for k, o := range l.order {
		l.start[k+1] = l.start[k] + o.Len
	}
	l.writers = make([]int32, l.start[len(l.order)])
	var find finder
	for k := range int32(len(l.order)) {
		find.fill(l, k)
		if find.twice >= 0 {
			return l.twice(k, find.twice)
		}
		for i, v := range l.h.List(l.order[k]) {
			a := find.find(v)
			l.writers[l.start[k]+int32(i)] = a
			if a >= 0 && l.appends[a].at < 0 {
				l.appends[a].at = int32(i)
			}
		}
	}
	return nil
}

// twice is the error for a value that was appended to a key a second time, by the append at an index.
func (l *lists) twice(k, second int32) error {
	b := l.appends[second]
	for _, a := range l.appends[l.first[k]:second] {
		if a.value != b.value {
			continue
		}
		if a.txn == b.txn {
			return fmt.Errorf("T%d (%s) appends %s to %s twice; each value may be appended to a key once",
				a.txn, l.h.where(a.txn), l.h.value(a.value), l.h.Keys[k])
		}
		return fmt.Errorf("T%d (%s) and T%d (%s) both append %s to %s; each value may be appended to a key once",
			a.txn, l.h.where(a.txn), b.txn, l.h.where(b.txn), l.h.value(a.value), l.h.Keys[k])
	}
	return fmt.Errorf("a value is appended to %s twice", l.h.Keys[k])
}

// A finder finds the appends of one key by value. Values are mostly small and close together, so that a table of all between the least
// and the greatest is the quickest.
type finder struct {
	table []int32 // by value less low: the append's index, from 1
	low   int32
	many  map[int32]int32 // instead of the table, if values are far apart
	twice int32           // the index of the first append of a value that came before, or -1
}

func (f *finder) fill(l *lists, k int32) {
	as := l.appends[l.first[k]:l.first[k+1]]
	f.twice, f.many, f.table = -1, nil, f.table[:0]
	if len(as) == 0 {
		return
	}
	low, high := as[0].value, as[0].value
	for _, a := range as {
		low, high = min(low, a.value), max(high, a.value)
	}
	f.low = low
	if width := int64(high) - int64(low) + 1; width <= int64(8*len(as)+64) {
		f.table = append(f.table, make([]int32, width)...)
	} else {
		f.many = make(map[int32]int32, len(as))
	}
	for i, a := range as {
		at := l.first[k] + int32(i)
		if f.find(a.value) >= 0 && f.twice < 0 {
			f.twice = at
		}
		if f.many != nil {
			f.many[a.value] = at + 1
		} else {
			f.table[a.value-low] = at + 1
		}
	}
}

// find returns the index of the append of a value, or -1.
func (f *finder) find(value int32) int32 {
	if f.many != nil {
		return f.many[value] - 1
	}
	if i := int64(value) - int64(f.low); i >= 0 && i < int64(len(f.table)) {
		return f.table[i] - 1
	}
	return -1
}

// commit finds the reads that are no prefix of the longest, and marks indeterminate transactions as committed of which something was
// read.
func (l *lists) commit() {
	for t, x := range l.h.Txns {
		if x.Type != history.OK {
			continue
		}
		for i := x.First; i < x.Last; i++ {
			o := l.h.Ops[i]
			if o.F != Read || !o.Known || l.prefix(o) {
				continue
			}
			l.odd[i] = int32(t) + 1
			for _, v := range l.h.List(o) {
				if a := l.append(o.Key, v); a >= 0 {
					l.appends[a].seen = true
				}
			}
		}
	}
	for _, a := range l.appends {
		if (a.at >= 0 || a.seen) && l.h.Txns[a.txn].Type == history.Info {
			l.committed[a.txn] = true
		}
	}
}

// prefix reports whether a read is a prefix of the longest of its key.
func (l *lists) prefix(o Op) bool {
	longest := l.order[o.Key]
	return o.Off == longest.Off || slices.Equal(l.h.List(o), l.h.Pool[longest.Off:longest.Off+o.Len])
}

// append returns the index of the append of a value to a key, or -1. It keeps what it found of the key.
func (l *lists) append(k, value int32) int32 {
	of := l.byValue[k]
	if of == nil {
		of = map[int32]int32{}
		for i := l.first[k]; i < l.first[k+1]; i++ {
			of[l.appends[i].value] = i + 1
		}
		l.byValue[k] = of
	}
	return of[value] - 1
}

// findUnread collects by key the committed transactions that appended what was never read.
func (l *lists) findUnread() {
	l.unreadAt = make([]int32, len(l.order)+1)
	for k := range int32(len(l.order)) {
		for _, a := range l.appends[l.first[k]:l.first[k+1]] {
			n := len(l.unread)
			if a.at < 0 && !a.seen && l.committed[a.txn] && (n == int(l.unreadAt[k]) || l.unread[n-1] != a.txn) {
				l.unread = append(l.unread, a.txn)
			}
		}
		l.unreadAt[k+1] = int32(len(l.unread))
	}
}

// unreadOf returns the transactions that appended to a key what was never read.
func (l *lists) unreadOf(k int32) []int32 { return l.unread[l.unreadAt[k]:l.unreadAt[k+1]] }

// versions returns for each position of the order of a key the index of its append, or -1.
func (l *lists) versions(k int32) []int32 { return l.writers[l.start[k]:l.start[k+1]] }

// writer returns the transaction that made a version of a key: that which appended the last element of it, if it committed; else -1.
func (l *lists) writer(k, version int32) int32 {
	a := l.versions(k)[version-1]
	if a < 0 || !l.committed[l.appends[a].txn] {
		return -1
	}
	return l.appends[a].txn
}
