package lists

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
	"github.com/capsize-go/capsize/history"
)

// A sessionKey is what a session knows of a key.
type sessionKey struct {
	session        int32
	wrote, wroteBy int32 // the last version that it made, or unreadVersion; and by which transaction
	read, readBy   int32 // the last version that it read
}

// findSessions finds transactions that miss what their session wrote or read before: read your writes and monotonic reads. Sessions
// take turns in a history, so that what they know is kept by session and key.
func (l listSights) findSessions(found *judging.Tally) {
	by := l.bySession()
	know := make([]sessionKey, len(l.Order))
	for k := range know {
		know[k].session = -1
	}
	for s, ts := range by {
		for _, t := range ts {
			l.checkSession(found, know, int32(s), t)
		}
	}
}

// bySession returns the committed transactions of each session in their order.
func (l listSights) bySession() [][]int32 {
	by := make([][]int32, l.H.Sessions)
	for t, x := range l.H.Txns {
		if l.committed[t] {
			by[x.Session] = append(by[x.Session], int32(t))
		}
	}
	return by
}

// checkSession looks at one transaction, and then adds what it did to what its session knows.
func (l listSights) checkSession(found *judging.Tally, know []sessionKey, s, t int32) {
	x := l.H.Txns[t]
	for i := x.First; i < x.Last && x.Type == history.OK; i++ {
		o := l.H.Ops[i]
		at := &know[o.Key]
		if o.F != txn.Read || !o.Known || at.session != s {
			continue
		}
		have := l.common(i)
		if at.wrote > have {
			by := at.wroteBy
			found.Add("own-write-unseen", func() txn.Anomaly { return l.unseen(t, by, o, "which its session had written (read your writes)") })
		}
		if at.read > have {
			by := at.readBy
			found.Add("non-monotonic-reads", func() txn.Anomaly { return l.unseen(t, by, o, "which its session had read (monotonic reads)") })
		}
	}
	for i := x.First; i < x.Last; i++ {
		o := l.H.Ops[i]
		at := &know[o.Key]
		if at.session != s {
			*at = sessionKey{session: s}
		}
		switch {
		case o.F == txn.Append:
			version := int32(unreadVersion)
			if a := l.Appends[l.of[i]].at; a >= 0 {
				version = a + 1
			}
			if version > at.wrote {
				at.wrote, at.wroteBy = version, t
			}
		case o.Known:
			v := l.common(i)
			for v > 0 && l.writer(o.Key, v) == t { // its own are what it wrote
				v--
			}
			if v > at.read {
				at.read, at.readBy = v, t
			}
		}
	}
}

// common returns up to which version a read agrees with the order of its key.
func (l listSights) common(i int32) int32 {
	o := l.H.Ops[i]
	if l.odd[i] == 0 {
		return o.Len
	}
	list, order := l.H.List(o), l.H.List(l.Order[o.Key])
	n := int32(0)
	for int(n) < len(list) && int(n) < len(order) && list[n] == order[n] {
		n++
	}
	return n
}

func (l listSights) unseen(t, by int32, o txn.Op, why string) txn.Anomaly {
	return txn.Anomaly{Txns: []int32{by, t}, Key: l.H.Keys[o.Key],
		Reason: txn.Sayf("T%d read %s as %s, without a part of what T%d saw or did, %s", t, l.H.Keys[o.Key], l.H.SpellList(o), by, why)}
}
