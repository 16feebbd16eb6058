package lists

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
)

// orderAtomic adds edges between transactions that appended to the same key unread, where one misses another append of the other. It
// has to come first: a transaction that writes a key after another sees all of that (update atomic). What was not read of one key and
// missed on it is [Lists.orderUpdates]'s.
func (l listGraph) orderAtomic(edges []graph.Edge) []graph.Edge {
	for k := range int32(len(l.Order)) {
		if unread := l.unreadOf(k); len(unread) > 1 {
			edges = l.orderUnread(edges, unread)
		}
	}
	return edges
}

func (l listGraph) orderUnread(edges []graph.Edge, unread []int32) []graph.Edge {
	by := map[int32][]Appended{} // by key: what these transactions appended
	for _, t := range unread {
		for i := l.H.Txns[t].First; i < l.H.Txns[t].Last; i++ {
			if o := l.H.Ops[i]; o.F == txn.Append && !l.Appends[l.of[i]].seen {
				by[o.Key] = append(by[o.Key], l.Appends[l.of[i]])
			}
		}
	}
	for _, t := range unread {
		for i := l.H.Txns[t].First; i < l.H.Txns[t].Last; i++ {
			o := l.H.Ops[i]
			if o.F != txn.Read || !o.Known || l.odd[i] > 0 {
				continue
			}
			for _, a := range by[o.Key] {
				if a.Txn != t && (a.at < 0 || a.at >= o.Len) {
					edges = append(edges, graph.Edge{From: t, To: a.Txn, Kind: uint8(judging.WWAtomic)})
				}
			}
		}
	}
	return edges
}
