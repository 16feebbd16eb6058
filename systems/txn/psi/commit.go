package psi

import (
	"slices"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/internal/snapshot"
	"github.com/capsize-go/capsize/systems/txn/internal/cell"
)

// A slow is a transaction that writes keys which other sites are preferred for, and waits for their votes.
type slow struct {
	m       cluster.Message
	end     int // the tick at which the site gives up
	commit  *commit
	answers []model.TxnOp
	waits   []int // for the votes of these sites
}

// Messages of the commit of slow transactions.
type (
	// A prepare asks a preferred site whether a transaction on a snapshot may write keys. If so it locks them.
	prepare struct {
		id       id
		snapshot vector
		keys     []string
	}
	// A vote is the answer.
	vote struct {
		id id
		ok bool
	}
	// A release says that a transaction was not committed and will not be.
	release struct{ id id }
	// A question asks the site of a transaction for a release, if that is so.
	question struct{ id id }
)

// preferred returns the site that a key belongs to.
func (n *node) preferred(key string) int {
	h := 0
	for _, c := range []byte(key) {
		h = (h*31 + int(c)) % len(n.sites)
	}
	return h
}

// begin runs a transaction on the present snapshot, and commits it if only this site need agree.
func (n *node) begin(m cluster.Message, ops []model.TxnOp) {
	answers, keys, written := cell.Run(ops, func(key string) cell.Cell { return n.kv.Cells[key].Cell })
	if len(keys) == 0 {
		m.Reply(response{ops: answers})
		return
	}
	n.lastN++
	c := &commit{ID: id{n.self, n.life, n.lastN}, Site: n.self, Snapshot: slices.Clone(n.kv.Has), Keys: keys}
	for _, k := range keys {
		c.Cells = append(c.Cells, written[k])
	}
	t := &slow{m: m, end: n.ticks + int(patience/tick), commit: c, answers: answers}
	if n.bug(NoConflictCheck) {
		n.commit(t)
		return
	}
	asks := map[int][]string{}
	for _, k := range keys {
		at := n.preferred(k)
		asks[at] = append(asks[at], k)
		if at != n.self && !slices.Contains(t.waits, at) {
			t.waits = append(t.waits, at)
		}
		if _, locked := n.kv.Locks[k]; locked {
			m.Reply(response{status: aborted})
			return
		}
	}
	if len(t.waits) == 0 {
		n.commit(t)
		return
	}
	n.pending[c.ID] = t
	n.order = append(n.order, c.ID)
	n.lock(c.ID, asks[n.self])
	for _, at := range t.waits {
		n.h.Send(n.sites[at], &prepare{c.ID, c.Snapshot, asks[at]})
	}
}

// commit commits a transaction of this site. The others get it with the next batch.
func (n *node) commit(t *slow) {
	t.commit.Seq = n.kv.Has[n.self] + 1
	n.kv.apply(t.commit)
	must(n.disk.Append(snapshot.Encode(record{Commit: t.commit})))
	n.outbox = append(n.outbox, t.commit)
	t.m.Reply(response{ops: t.answers})
}

// vote votes on a transaction of another site. A yes is on the disk before it leaves.
func (n *node) vote(p *prepare) bool {
	if n.recovers() {
		return false
	}
	for _, k := range p.keys {
		if !n.kv.free(k, p.id, p.snapshot) {
			return false
		}
	}
	n.lock(p.id, p.keys)
	if !n.bug(VolatileLocks) {
		must(n.disk.Append(snapshot.Encode(record{Vote: &p.id, Keys: p.keys})))
	}
	return true
}

func (n *node) lock(by id, keys []string) {
	for _, k := range keys {
		n.kv.Locks[k] = by
	}
}

// voted counts the vote of a site.
func (n *node) voted(from int, v *vote) {
	t := n.pending[v.id]
	i := -1
	if t != nil {
		i = slices.Index(t.waits, from)
	}
	if i < 0 {
		return
	}
	if !v.ok {
		n.abort(t)
		return
	}
	if t.waits = slices.Delete(t.waits, i, i+1); len(t.waits) == 0 {
		n.forgetPending(v.id)
		n.commit(t)
	}
}

// abort ends a transaction that a site refused or did not answer. Sites that do not hear of it ask.
func (n *node) abort(t *slow) {
	n.forgetPending(t.commit.ID)
	n.letGo(t.commit.ID)
	n.toOthers(&release{t.commit.ID})
	t.m.Reply(response{status: aborted})
}

func (n *node) forgetPending(x id) {
	delete(n.pending, x)
	n.order = slices.DeleteFunc(n.order, func(y id) bool { return y == x })
}

// timeOut aborts the transactions that have waited for too long.
func (n *node) timeOut() {
	for _, x := range slices.Clone(n.order) {
		if t := n.pending[x]; n.ticks >= t.end {
			n.abort(t)
		}
	}
}

// letGo lets go the locks of a transaction that was not committed.
func (n *node) letGo(by id) {
	for k, holder := range n.kv.Locks { // order: each is looked at alone
		if holder == by {
			delete(n.kv.Locks, k)
		}
	}
}

// askForLocks asks the sites of the transactions that hold locks here whether they still need them.
func (n *node) askForLocks() {
	var asked []id
	for _, k := range sorting.Keys(n.kv.Locks) {
		x := n.kv.Locks[k]
		if slices.Contains(asked, x) {
			continue
		}
		asked = append(asked, x)
		if _, waits := n.pending[x]; x.Site == n.self && !waits {
			n.letGo(x)
		} else if x.Site != n.self {
			n.h.Send(n.sites[x.Site], &question{x})
		}
	}
}

// answerQuestion says that a transaction of this site was not committed, if that is so and will stay so.
func (n *node) answerQuestion(from string, x id) {
	_, waits := n.pending[x]
	if waits || x.Site != n.self || n.kv.committed(x) || n.recovers() {
		return
	}
	n.h.Send(from, &release{x})
}
