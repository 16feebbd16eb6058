package txn

import "github.com/capsize-go/capsize/checker/txn/internal/graph"

// orderAtomic adds edges between transactions that appended to the same key unread, where one misses another append of the other. It
// has to come first: a transaction that writes a key after another sees all of that (update atomic). What was not read of one key and
// missed on it is [lists.orderUpdates]'s.
func (l listGraph) orderAtomic(edges []graph.Edge) []graph.Edge {
	for k := range int32(len(l.order)) {
		if unread := l.unreadOf(k); len(unread) > 1 {
			edges = l.orderUnread(edges, unread)
		}
	}
	return edges
}

func (l listGraph) orderUnread(edges []graph.Edge, unread []int32) []graph.Edge {
	by := map[int32][]appended{} // by key: what these transactions appended
	for _, t := range unread {
		for i := l.h.Txns[t].First; i < l.h.Txns[t].Last; i++ {
			if o := l.h.Ops[i]; o.F == Append && !l.appends[l.of[i]].seen {
				by[o.Key] = append(by[o.Key], l.appends[l.of[i]])
			}
		}
	}
	for _, t := range unread {
		for i := l.h.Txns[t].First; i < l.h.Txns[t].Last; i++ {
			o := l.h.Ops[i]
			if o.F != Read || !o.Known || l.odd[i] > 0 {
				continue
			}
			for _, a := range by[o.Key] {
				if a.txn != t && (a.at < 0 || a.at >= o.Len) {
					edges = append(edges, graph.Edge{From: t, To: a.txn, Kind: uint8(wwAtomic)})
				}
			}
		}
	}
	return edges
}
