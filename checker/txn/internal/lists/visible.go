package lists

import (
	"math"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
	"github.com/capsize-go/capsize/history"
)

// A transaction sees all those whose elements it reads. What it sees of one it should see of all their keys.

// listSights finds what transactions of a history of lists should have seen.
type listSights struct{ *Lists }

// A seeing collects what one transaction has to see, by key.
type seeing struct {
	l    *Lists
	of   int32   // the transaction
	by   []int32 // by key: for which transaction need is
	need []int32 // by key: the version that has to be seen at least; unreadVersion for what was never read
	who  []int32 // by key: whose append makes it so
	upto []int32 // by key: up to which version its writers are taken into account
}

const unreadVersion = math.MaxInt32

func (l listSights) newSeeing() *seeing {
	n := len(l.Order)
	s := &seeing{l: l.Lists, of: -1, by: make([]int32, n), need: make([]int32, n), who: make([]int32, n), upto: make([]int32, n)}
	for k := range s.by {
		s.by[k] = -1
	}
	return s
}

func (s *seeing) at(k int32) {
	if s.by[k] != s.of {
		s.by[k], s.need[k], s.upto[k] = s.of, 0, 0
	}
}

// see takes into account that the transaction sees a version of a key, and so all who made it.
func (s *seeing) see(k, version int32) {
	s.at(k)
	for v := s.upto[k] + 1; v <= version; v++ {
		if w := s.l.writer(k, v); w >= 0 && w != s.of {
			s.seeAll(w)
		}
	}
	s.upto[k] = max(s.upto[k], version)
}

// seeAll takes into account that the transaction sees another.
func (s *seeing) seeAll(w int32) {
	x := s.l.H.Txns[w]
	for i := x.First; i < x.Last; i++ {
		o := s.l.H.Ops[i]
		if o.F != txn.Append {
			continue
		}
		s.at(o.Key)
		version := int32(unreadVersion)
		if a := s.l.Appends[s.l.of[i]]; a.at >= 0 {
			version = a.at + 1
		}
		if version > s.need[o.Key] {
			s.need[o.Key], s.who[o.Key] = version, w
		}
	}
}

// misses returns the transaction of which a read misses a part, or -1.
func (s *seeing) misses(o txn.Op) int32 {
	if s.by[o.Key] == s.of && s.need[o.Key] > o.Len {
		return s.who[o.Key]
	}
	return -1
}

// findPartial finds transactions that saw a part of another and missed a part. It is for histories that are read committed, in which
// each read is a prefix of the order and shows only what committed.
func (l listSights) findPartial(found *judging.Tally) {
	s := l.newSeeing()
	for t, x := range l.H.Txns {
		if x.Type != history.OK {
			continue
		}
		s.of = int32(t)
		ops := l.H.OpsOf(s.of)
		for _, o := range ops { // in their order
			if o.F != txn.Read || !o.Known {
				continue
			}
			if w := s.misses(o); w >= 0 {
				found.Add("non-atomic-view", func() txn.Anomaly { return l.partial(s.of, w, o, "after it had seen another part (non-atomic view)") })
			}
			s.see(o.Key, o.Len)
		}
		if !l.checkMissing(found, s, ops, "fractured-read", "though it saw another part (fractured read)") {
			continue
		}
		for i := x.First; i < x.Last; i++ { // what it appended to, it has to see
			if o := l.H.Ops[i]; o.F == txn.Append {
				version := l.Appends[l.of[i]].at
				if version < 0 {
					version = l.Order[o.Key].Len
				}
				s.see(o.Key, version)
			}
		}
		l.checkMissing(found, s, ops, "update-not-seen", "though it wrote a key after it (update not seen)")
	}
}

// checkMissing looks whether a read misses a part of what the transaction has to see.
func (l listSights) checkMissing(found *judging.Tally, s *seeing, ops []txn.Op, kind, why string) bool {
	for _, o := range ops {
		if o.F != txn.Read || !o.Known {
			continue
		}
		if w := s.misses(o); w >= 0 {
			found.Add(kind, func() txn.Anomaly { return l.partial(s.of, w, o, why) })
			return false
		}
	}
	return true
}

func (l listSights) partial(t, w int32, o txn.Op, why string) txn.Anomaly {
	return txn.Anomaly{Txns: []int32{min(t, w), max(t, w)}, Key: l.H.Keys[o.Key],
		Reason: txn.Sayf("T%d read %s as %s, without what T%d appended to it, %s", t, l.H.Keys[o.Key], l.H.SpellList(o), w, why)}
}
