package registers

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/internal/graph"
	"github.com/capsize-go/capsize/checker/txn/internal/judging"
)

const (
	clockWidth = 64            // chains that are looked at in one pass
	maxClocks  = 3_000_000_000 // transactions times chains, above which pasts are not compared
)

// A past knows what each transaction may know of: by vector clocks over chains of transactions, each of which knows of the one before.
// Sessions are such chains, but it takes any that the graph has, since a session ends with each indeterminate transaction.
type past struct {
	w      *weak
	order  []int32 // transactions, each after what it knows of
	in     []int32 // by transaction: those that it knows of at first hand
	inAt   []int32
	chain  []int32 // by transaction
	place  []int32 // by transaction: its place in its chain, from 1
	chains int32

	entries []entry
	entryAt []int32 // by key
	byChain []int32 // versions by key, chain and place
	places  []int32 // of their transactions
	clock   []int32 // by transaction: the last place of each chain that it knows of
}

// An entry has the versions of a key that one chain made: byChain[first:last]. While the transactions of another chain are gone through, those
// before at are in the past of the last of them.
type entry struct {
	chain, first, last int32
	reader             int32 // that other chain
	at                 int32
	place, next        int32    // the places of the transactions of the versions before and at at: 0 and Never for none
	pair               [2]int32 // what was inferred last
}

// past infers that what a transaction may know of came before what it read instead. It reports false if that takes too long.
func (w *weak) past(known []graph.Edge, n int) bool {
	p := &past{w: w}
	if !p.sort(known, n) {
		return true // a cycle, which has been found before
	}
	if int64(p.chains)*int64(len(p.order)) > maxClocks {
		return false
	}
	p.index()
	p.clock = make([]int32, len(w.r.h.Txns)*int(min(p.chains, clockWidth)))
	for first := int32(0); first < p.chains; first += clockWidth {
		p.pass(first, min(clockWidth, p.chains-first))
	}
	return true
}

// sort finds an order of the transactions, and chains.
func (p *past) sort(known []graph.Edge, n int) bool {
	r := p.w.r
	edges := known
	if p.w.also&txn.SO != 0 {
		edges = judging.AddSessions(r.h, func(t int32) bool { return r.committed[t] }, append([]graph.Edge(nil), known...))
	}
	mask := txn.WR | p.w.also&txn.SO
	nt := len(r.h.Txns)
	p.inAt = make([]int32, nt+2)
	for _, e := range edges {
		if txn.EdgeKind(e.Kind)&mask != 0 {
			p.inAt[e.To+2]++
		}
	}
	for t := range nt {
		p.inAt[t+2] += p.inAt[t+1]
	}
	p.in = make([]int32, p.inAt[nt+1])
	for i := len(edges) - 1; i >= 0; i-- { // sessions first
		if e := edges[i]; txn.EdgeKind(e.Kind)&mask != 0 {
			p.in[p.inAt[e.To+1]] = e.From
			p.inAt[e.To+1]++
		}
	}
	p.inAt = p.inAt[:nt+1]
	return p.arrange(nt)
}

// arrange sorts the transactions and puts each behind one that it knows of, if that is the last of its chain.
func (p *past) arrange(nt int) bool {
	r := p.w.r
	state, next := make([]uint8, nt), make([]int32, nt)
	p.chain, p.place = make([]int32, nt), make([]int32, nt)
	var tail, path []int32
	for root := range int32(nt) {
		if !r.committed[root] || state[root] != 0 {
			continue
		}
		path = append(path[:0], root)
		state[root], next[root] = 1, p.inAt[root]
		for len(path) > 0 {
			t := path[len(path)-1]
			if next[t] < p.inAt[t+1] {
				u := p.in[next[t]]
				next[t]++
				switch state[u] {
				case 0:
					state[u], next[u] = 1, p.inAt[u]
					path = append(path, u)
				case 1:
					return false
				}
				continue
			}
			path = path[:len(path)-1]
			state[t] = 2
			p.order = append(p.order, t)
			p.chain[t], p.place[t] = -1, 1
			for _, u := range p.in[p.inAt[t]:p.inAt[t+1]] {
				if tail[p.chain[u]] == u {
					p.chain[t], p.place[t] = p.chain[u], p.place[u]+1
					break
				}
			}
			if p.chain[t] < 0 {
				p.chain[t] = int32(len(tail))
				tail = append(tail, t)
			}
			tail[p.chain[t]] = t
		}
	}
	p.chains = int32(len(tail))
	return true
}

// index sorts the versions of each key by chain and place: in the order of the transactions, one chain after the other.
func (p *past) index() {
	r := p.w.r
	p.entryAt = make([]int32, len(r.h.Keys)+1)
	p.byChain = make([]int32, 0, len(p.w.versions))
	perChain := make([][]int32, p.chains)
	for _, t := range p.order {
		perChain[p.chain[t]] = append(perChain[p.chain[t]], t)
	}
	next := make([]int32, len(r.h.Keys)+2)
	for _, v := range p.w.versions {
		next[r.keyOf(v)+2]++
	}
	for k := range r.h.Keys {
		next[k+2] += next[k+1]
	}
	p.byChain = p.byChain[:len(p.w.versions)]
	for _, ts := range perChain {
		for _, t := range ts {
			for _, v := range p.w.versionsOf(t) {
				k := r.keyOf(v)
				p.byChain[next[k+1]] = v
				next[k+1]++
			}
		}
	}
	p.places = make([]int32, len(p.byChain))
	for k := range r.h.Keys {
		for i := next[k]; i < next[k+1]; i++ {
			t := r.writes[p.byChain[i]].Txn
			p.places[i] = p.place[t]
			c := p.chain[t]
			if n := len(p.entries); n > int(p.entryAt[k]) && p.entries[n-1].chain == c {
				p.entries[n-1].last = i + 1
				continue
			}
			p.entries = append(p.entries, entry{chain: c, first: i, last: i + 1, reader: -1})
		}
		p.entryAt[k+1] = int32(len(p.entries))
	}
}

// pass looks at width chains from first on.
func (p *past) pass(first, width int32) {
	clear(p.clock)
	for _, t := range p.order {
		now := p.clock[t*width : (t+1)*width]
		for _, u := range p.in[p.inAt[t]:p.inAt[t+1]] {
			for i, c := range p.clock[u*width : (u+1)*width] {
				now[i] = max(now[i], c)
			}
			if c := p.chain[u] - first; c >= 0 && c < width {
				now[c] = max(now[c], p.place[u])
			}
		}
	}
	for i := range p.entries {
		p.entries[i].reader = -1
	}
	r := p.w.r
	perChain := make([][]int32, p.chains)
	for _, t := range p.order {
		perChain[p.chain[t]] = append(perChain[p.chain[t]], t)
	}
	for c, ts := range perChain {
		for _, t := range ts {
			for _, s := range r.readsOf(t) {
				for i := p.entryAt[s.key]; i < p.entryAt[s.key+1]; i++ {
					e := &p.entries[i]
					if e.chain >= first && e.chain < first+width {
						p.look(e, t, s, int32(c), e.chain-first, width)
					}
				}
			}
		}
	}
}

// look infers from the last version of a key that a chain made and the reader may know of.
func (p *past) look(e *entry, t int32, s seen, reader, column, width int32) {
	if e.reader != reader {
		e.reader, e.at, e.place, e.next = reader, e.first, 0, p.places[e.first]
	}
	for upTo := p.clock[t*width+column]; e.next <= upTo; {
		e.at++
		e.place, e.next = e.next, txn.Never
		if e.at < e.last {
			e.next = p.places[e.at]
		}
	}
	if e.place == 0 {
		return
	}
	w := p.w.r.writer(s.version)
	if w >= 0 && p.clock[w*width+column] >= e.place {
		return
	}
	if v := p.byChain[e.at-1]; v != s.version && e.pair != [2]int32{v, s.version} {
		e.pair = [2]int32{v, s.version}
		p.w.add(v, t, s)
	}
}
