package lists

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
	"github.com/capsize-go/capsize/history"
)

// An update is a transaction that read a key and appended to it later.
type update struct {
	txn, key int32
	read     int32 // the operation that read its oldest version
	first    int32 // index of its first append to it
}

// updates calls f for each update.
func (l listChecks) updates(f func(u update)) {
	m := newMine(l.H)
	for t, x := range l.H.Txns {
		if x.Type != history.OK {
			continue
		}
		m.begin(l.H, int32(t))
		for i := x.First; i < x.Last; i++ {
			if o := l.H.Ops[i]; o.F == txn.Append {
				if read := l.firstRead(m, i, x.First); read >= 0 {
					f(update{int32(t), o.Key, read, l.of[i]})
				}
			}
		}
	}
}

// firstRead returns the operation of a transaction that read the oldest version of a key before an append to it, which must be the first;
// else -1.
func (l listChecks) firstRead(m *mine, i, first int32) int32 {
	read := int32(-1)
	for at := m.prev[i-first]; at >= 0; at = m.prev[at-first] {
		o := l.H.Ops[at]
		if o.F == txn.Append {
			return -1
		}
		if _, odd := l.odd[at]; !odd && o.Known && (read < 0 || o.Len < l.H.Ops[read].Len) {
			read = at
		}
	}
	return read
}

// findLost finds updates that were lost: another transaction appended between the version that one read and its own. What Adya calls
// G-cursor is the same: a cycle of one rw edge and ww edges, all of one key.
//
// Two that read the whole order of a key and whose appends to it were never read lose an update in either order.
func (l listChecks) findLost(found *judging.Tally) {
	whole := make([]int32, len(l.Order)) // by key: such a transaction, from 1
	l.updates(func(u update) {
		read, own := l.H.Ops[u.read], l.Appends[u.first]
		end := own.at
		if end < 0 {
			end = l.Order[u.key].Len
		}
		for at := read.Len; at < end && !own.seen; at++ {
			w := l.writer(u.key, at+1)
			if w >= 0 && w != u.txn {
				found.Add("lost-update", func() txn.Anomaly { return l.lost(u, w, l.versions(u.key)[at]) })
				return
			}
		}
		if own.at >= 0 || own.seen || read.Len < l.Order[u.key].Len {
			return
		}
		if w := whole[u.key]; w > 0 {
			found.Add("lost-update", func() txn.Anomaly { return l.lost(u, w-1, -1) })
			l.lone[u.key] = -1
			return
		}
		whole[u.key], l.lone[u.key] = u.txn+1, u.txn+1
	})
}

// lost is the anomaly of an update on top of which another came.
func (l listChecks) lost(u update, other, a int32) txn.Anomaly {
	key, read := l.H.Keys[u.key], l.H.SpellList(l.H.Ops[u.read])
	an := txn.Anomaly{Txns: []int32{other, u.txn}, Key: key}
	if other > u.txn {
		an.Txns = []int32{u.txn, other}
	}
	if a < 0 {
		an.Reason = txn.Sayf("T%d and T%d both read %s as %s, and both appended to it (lost update)", an.Txns[0], an.Txns[1], key, read)
		return an
	}
	an.Reason = txn.Sayf("T%d read %s as %s and appended %s to it, and T%d had appended %s in between (lost update)",
		u.txn, key, read, l.H.Spell(l.Appends[u.first].Value), other, l.H.Spell(l.Appends[a].Value))
	return an
}

// orderUpdates adds edges from the one transaction that read the whole order of a key to the others that appended to it unread: if one
// of them came before, the update would be lost.
func (l listGraph) orderUpdates(edges []graph.Edge) []graph.Edge {
	for k, t := range l.lone {
		for _, u := range l.unreadOf(int32(k)) {
			if t > 0 && u != t-1 {
				edges = append(edges, graph.Edge{From: t - 1, To: u, Kind: uint8(judging.WWCursor)})
			}
		}
	}
	return edges
}
