package lists

import (
	"context"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
	"github.com/capsize-go/capsize/history"
)

// A Lists has what a history of lists says: which appends there are of each key, and in which order the longest read shows them.
//
// Versions of a key are numbered by the lengths of lists: version 0 is the empty list, and the append at position i of the order makes
// version i+1.
type Lists struct {
	H         *txn.History
	Appends   []Appended                // by key, and of each in the order of transactions
	First     []int32                   // by key: where its appends begin
	of        []int32                   // by operation: its index in appends
	Order     []txn.Op                  // by key: the longest read; zero if all were empty
	writers   []int32                   // by key: which append each position of the order is, or -1 for a value that no transaction appended
	start     []int32                   // by key: where its writers begin
	committed []bool                    // by transaction
	Unread    []int32                   // by key: transactions that appended what was never read, each once
	unreadAt  []int32                   // by key: where they begin
	odd       map[int32]int32           // reads that are no prefix of the longest of their key, and whose they are, from 1
	lone      []int32                   // by key: the one transaction that read the whole order and appended to it unread, from 1; -1 if several did
	scratch   []graph.Edge              // of a search
	byValue   map[int32]map[int32]int32 // by key: its appends by value, of keys that were read in several orders
}

// An Appended is one append.
type Appended struct {
	Value, Txn, Op int32
	at             int32 // position in the order, or -1 if it was never read
	seen           bool  // by a read that is no prefix of the longest
	last           bool  // the last of its transaction to this key
}

// Judge says which models a history of lists keeps. It is an error if a value is appended to a key twice: then a read does not tell
// which transaction it saw.
func Judge(ctx context.Context, h *txn.History, o txn.Options) (*txn.Report, error) {
	l, err := NewLists(h)
	if err != nil {
		return nil, err
	}
	j := judging.New(h, o)
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
	return j.Report(judged), nil
}

// NewLists collects what a history of lists says. Its errors are those of [Judge].
func NewLists(h *txn.History) (*Lists, error) {
	l := &Lists{H: h, committed: make([]bool, len(h.Txns)), odd: map[int32]int32{}, byValue: map[int32]map[int32]int32{}, lone: make([]int32, len(h.Keys))}
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
func (l *Lists) collect() error {
	h := l.H
	l.Order = make([]txn.Op, len(h.Keys))
	l.First = make([]int32, len(h.Keys)+2)
	count := l.First[1:]
	for t, x := range h.Txns {
		l.committed[t] = x.Type == history.OK
		for _, o := range h.Ops[x.First:x.Last] {
			switch {
			case o.F == txn.Append:
				count[o.Key+1]++
			case o.F != txn.Read:
				return fmt.Errorf("transaction T%d (%s) has an operation that is no append and no read of a list", t, h.Where(int32(t)))
			case o.Known && o.Value != txn.Nil:
				return fmt.Errorf("transaction T%d (%s) reads %s as a single value, and not as a list", t, h.Where(int32(t)), h.Keys[o.Key])
			case o.Known && o.Len > l.Order[o.Key].Len:
				l.Order[o.Key] = o
			}
		}
	}
	for k := range h.Keys {
		count[k+1] += count[k]
	}
	l.Appends = make([]Appended, count[len(h.Keys)])
	l.of = make([]int32, len(h.Ops))
	for t, x := range h.Txns {
		for i := x.First; i < x.Last; i++ {
			if o := h.Ops[i]; o.F == txn.Append {
				at := count[o.Key]
				count[o.Key]++
				l.of[i] = at
				l.Appends[at] = Appended{Value: o.Value, Txn: int32(t), Op: i, at: -1, last: true}
				if at > l.First[o.Key] && l.Appends[at-1].Txn == int32(t) {
					l.Appends[at-1].last = false
				}
			}
		}
	}
	l.First = l.First[:len(h.Keys)+1]
	return nil
}

// arrange finds out which append each element of each longest read is.
func (l *Lists) arrange() error {
	l.start = make([]int32, len(l.Order)+1)
	for k, o := range l.Order {
		l.start[k+1] = l.start[k] + o.Len
	}
	l.writers = make([]int32, l.start[len(l.Order)])
	var find Finder
	for k := range int32(len(l.Order)) {
		find.Fill(l, k)
		if find.Twice >= 0 {
			return l.twice(k, find.Twice)
		}
		for i, v := range l.H.List(l.Order[k]) {
			a := find.Find(v)
			l.writers[l.start[k]+int32(i)] = a
			if a >= 0 && l.Appends[a].at < 0 {
				l.Appends[a].at = int32(i)
			}
		}
	}
	return nil
}

// twice is the error for a value that was appended to a key a second time, by the append at an index.
func (l *Lists) twice(k, second int32) error {
	b := l.Appends[second]
	for _, a := range l.Appends[l.First[k]:second] {
		if a.Value != b.Value {
			continue
		}
		if a.Txn == b.Txn {
			return fmt.Errorf("transaction T%d (%s) appends %s to %s twice; each value may be appended to a key once",
				a.Txn, l.H.Where(a.Txn), l.H.Spell(a.Value), l.H.Keys[k])
		}
		return fmt.Errorf("transaction T%d (%s) and T%d (%s) both append %s to %s; each value may be appended to a key once",
			a.Txn, l.H.Where(a.Txn), b.Txn, l.H.Where(b.Txn), l.H.Spell(a.Value), l.H.Keys[k])
	}
	return fmt.Errorf("a value is appended to %s twice", l.H.Keys[k])
}

// A Finder finds the appends of one key by value. Values are mostly small and close together, so that a table of all between the least
// and the greatest is the quickest.
type Finder struct {
	table []int32 // by value less low: the append's index, from 1
	low   int32
	many  map[int32]int32 // instead of the table, if values are far apart
	Twice int32           // the index of the first append of a value that came before, or -1
}

// Fill makes the finder one of the appends of key k, and reuses the memory of the key before.
func (f *Finder) Fill(l *Lists, k int32) {
	as := l.Appends[l.First[k]:l.First[k+1]]
	f.Twice, f.many, f.table = -1, nil, f.table[:0]
	if len(as) == 0 {
		return
	}
	low, high := as[0].Value, as[0].Value
	for _, a := range as {
		low, high = min(low, a.Value), max(high, a.Value)
	}
	f.low = low
	if width := int64(high) - int64(low) + 1; width <= int64(8*len(as)+64) {
		f.table = append(f.table, make([]int32, width)...)
	} else {
		f.many = make(map[int32]int32, len(as))
	}
	for i, a := range as {
		at := l.First[k] + int32(i)
		if f.Find(a.Value) >= 0 && f.Twice < 0 {
			f.Twice = at
		}
		if f.many != nil {
			f.many[a.Value] = at + 1
		} else {
			f.table[a.Value-low] = at + 1
		}
	}
}

// Find returns the index of the append of a value, or -1.
func (f *Finder) Find(value int32) int32 {
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
func (l *Lists) commit() {
	for t, x := range l.H.Txns {
		if x.Type != history.OK {
			continue
		}
		for i := x.First; i < x.Last; i++ {
			o := l.H.Ops[i]
			if o.F != txn.Read || !o.Known || l.prefix(o) {
				continue
			}
			l.odd[i] = int32(t) + 1
			for _, v := range l.H.List(o) {
				if a := l.append(o.Key, v); a >= 0 {
					l.Appends[a].seen = true
				}
			}
		}
	}
	for _, a := range l.Appends {
		if (a.at >= 0 || a.seen) && l.H.Txns[a.Txn].Type == history.Info {
			l.committed[a.Txn] = true
		}
	}
}

// prefix reports whether a read is a prefix of the longest of its key.
func (l *Lists) prefix(o txn.Op) bool {
	longest := l.Order[o.Key]
	return o.Off == longest.Off || slices.Equal(l.H.List(o), l.H.Pool[longest.Off:longest.Off+o.Len])
}

// append returns the index of the append of a value to a key, or -1. It keeps what it found of the key.
func (l *Lists) append(k, value int32) int32 {
	of := l.byValue[k]
	if of == nil {
		of = map[int32]int32{}
		for i := l.First[k]; i < l.First[k+1]; i++ {
			of[l.Appends[i].Value] = i + 1
		}
		l.byValue[k] = of
	}
	return of[value] - 1
}

// findUnread collects by key the committed transactions that appended what was never read.
func (l *Lists) findUnread() {
	l.unreadAt = make([]int32, len(l.Order)+1)
	for k := range int32(len(l.Order)) {
		for _, a := range l.Appends[l.First[k]:l.First[k+1]] {
			n := len(l.Unread)
			if a.at < 0 && !a.seen && l.committed[a.Txn] && (n == int(l.unreadAt[k]) || l.Unread[n-1] != a.Txn) {
				l.Unread = append(l.Unread, a.Txn)
			}
		}
		l.unreadAt[k+1] = int32(len(l.Unread))
	}
}

// unreadOf returns the transactions that appended to a key what was never read.
func (l *Lists) unreadOf(k int32) []int32 { return l.Unread[l.unreadAt[k]:l.unreadAt[k+1]] }

// versions returns for each position of the order of a key the index of its append, or -1.
func (l *Lists) versions(k int32) []int32 { return l.writers[l.start[k]:l.start[k+1]] }

// writer returns the transaction that made a version of a key: that which appended the last element of it, if it committed; else -1.
func (l *Lists) writer(k, version int32) int32 {
	a := l.versions(k)[version-1]
	if a < 0 || !l.committed[l.Appends[a].Txn] {
		return -1
	}
	return l.Appends[a].Txn
}
