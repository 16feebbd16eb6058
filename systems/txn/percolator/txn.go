package percolator

import (
	"slices"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/front"
)

// A txn is a transaction that a node carries out for a client.
type txn struct {
	n      *node
	m      cluster.Message
	ops    []model.TxnOp // with what was read so far
	end    int           // the tick at which the node gives it up
	start  uint64        // the timestamp of its snapshot
	next   int           // of ops
	known  map[string]value
	writes []string // the keys that it writes, in the order of its operations; the first is the primary
	again  bool     // it is a blind retry: reads keep what they have

	prewrites  int // of how many shards the locks are missing
	commitTime uint64
	decided    bool // the commit was asked for: it is not up to the node any more
	over       bool
}

// begin begins a transaction with a timestamp for its snapshot.
func (n *node) begin(m cluster.Message, r *front.Request) {
	t := &txn{n: n, m: m, ops: slices.Clone(r.Ops), end: n.ticks + patience}
	n.txns = append(n.txns, t)
	t.restart()
}

func (t *txn) restart() {
	t.start, t.next, t.known, t.writes, t.commitTime = 0, 0, map[string]value{}, nil, 0
	t.n.call(0, &timestamp{}, t.alive(func(r *reply) {
		t.start = r.time
		t.step()
	}))
}

// alive returns a callback that does nothing once the transaction is over.
func (t *txn) alive(fn func(*reply)) func(*reply) {
	return func(r *reply) {
		if !t.over {
			fn(r)
		}
	}
}

// step carries out operations until one needs a key that is not known yet, and then goes on to the commit.
func (t *txn) step() {
	for ; t.next < len(t.ops); t.next++ {
		o := &t.ops[t.next]
		if t.again && o.F == model.TxnRead {
			continue
		}
		v, known := t.known[o.Key]
		if !known && o.F != model.TxnWrite {
			t.read(o.Key)
			return
		}
		switch o.F {
		case model.TxnRead:
			o.Value, o.List = v.Register, v.List
			continue
		case model.TxnWrite:
			v.Register = o.Value
		default:
			v.List = append(slices.Clip(v.List), o.Value)
		}
		t.known[o.Key] = v
		if !slices.Contains(t.writes, o.Key) {
			t.writes = append(t.writes, o.Key)
		}
	}
	if len(t.writes) == 0 {
		t.finish(front.Response{Ops: t.ops})
		return
	}
	t.prewrite()
}

// read reads a key in the snapshot, and goes on.
func (t *txn) read(key string) {
	t.n.call(t.n.store.shardOf(key), &read{key, t.start}, t.alive(func(r *reply) {
		if r.answer.fate == locked {
			t.n.resolve(key, r.answer.lock, func() {
				if !t.over {
					t.read(key)
				}
			})
			return
		}
		t.known[key] = r.value
		t.step()
	}))
}

// prewrite has the shards place locks. An async commit asks for a timestamp before, so that it comes after all that has committed.
func (t *txn) prewrite() {
	switch {
	case t.n.store.async():
		t.n.call(0, &timestamp{}, t.alive(func(r *reply) {
			t.commitTime = r.time
			t.lock(r.time)
		}))
	case t.n.store.bug(EarlyCommitTime):
		t.n.call(0, &timestamp{}, t.alive(func(r *reply) {
			t.commitTime = r.time
			t.lock(0)
		}))
	default:
		t.lock(0)
	}
}

func (t *txn) lock(minCommit uint64) {
	byShard := map[int]*command{}
	for _, key := range t.writes {
		shard := t.n.store.shardOf(key)
		c := byShard[shard]
		if c == nil {
			c = &command{Kind: prewrite, Start: t.start, Primary: t.writes[0], MinCommit: minCommit}
			byShard[shard] = c
		}
		if minCommit > 0 && key == t.writes[0] {
			c.Secondaries = t.writes[1:]
		}
		c.Writes = append(c.Writes, write{key, t.known[key]})
	}
	t.prewrites = len(byShard)
	for _, shard := range sorting.Keys(byShard) {
		t.lockIn(shard, byShard[shard])
	}
}

// lockIn has one shard place the locks of its keys.
func (t *txn) lockIn(shard int, c *command) {
	start := t.start
	t.n.call(shard, c, t.alive(func(r *reply) {
		if t.start != start || t.decided { // one of the shards refused, and the transaction began anew
			return
		}
		switch r.answer.fate {
		case locked:
			t.n.resolve(r.answer.key, r.answer.lock, func() {
				if !t.over && t.start == start && !t.decided {
					t.lockIn(shard, c)
				}
			})
		case conflict, rolledBack:
			t.conflicts()
		default:
			t.commitTime = max(t.commitTime, r.answer.commit)
			if t.prewrites--; t.prewrites == 0 {
				t.commit()
			}
		}
	}))
}

// conflicts ends a transaction that lost against another. The locks that it has are rolled back.
func (t *txn) conflicts() {
	n, start := t.n, t.start
	if n.store.bug(BlindRetry) {
		t.rollBack()
		t.again = true
		t.restart()
		return
	}
	if !n.store.async() {
		t.rollBack()
		t.finish(front.Response{Status: front.Aborted})
		return
	}
	// Who finds all locks of an async commit takes it for committed, and a late copy of a prewrite may still place one.
	t.decided = true
	n.command(t.writes[0], &command{Kind: check, Start: start, Key: t.writes[0], Dead: true}, func(a answer) {
		if t.over {
			return
		}
		t.rollBack()
		if a.fate == rolledBack {
			t.finish(front.Response{Status: front.Aborted})
		} else {
			t.finish(front.Response{Status: front.Lost})
		}
	})
}

func (t *txn) rollBack() {
	if t.n.store.async() && !t.decided {
		return
	}
	for _, key := range t.writes {
		t.n.command(key, &command{Kind: settle, Start: t.start, Key: key}, nil)
	}
}

// commit takes a timestamp and commits the primary. With it all is committed, and the client has its answer.
func (t *txn) commit() {
	if t.n.store.async() {
		t.finish(front.Response{Ops: t.ops})
		t.commitAt(t.writes)
		return
	}
	if t.commitTime != 0 {
		t.commitPrimary()
		return
	}
	t.n.call(0, &timestamp{}, t.alive(func(r *reply) {
		t.commitTime = r.time
		t.commitPrimary()
	}))
}

func (t *txn) commitPrimary() {
	t.decided = true
	primary := t.writes[0]
	t.n.command(primary, &command{Kind: commit, Start: t.start, Key: primary, Commit: t.commitTime}, func(a answer) {
		if a.fate == rolledBack {
			t.rollBack()
			t.finish(front.Response{Status: front.Aborted})
			return
		}
		t.finish(front.Response{Ops: t.ops})
		t.commitAt(t.writes[1:])
	})
}

// commitAt commits secondaries. A transaction that meets a lock which this does not reach does it later.
func (t *txn) commitAt(keys []string) {
	for _, key := range keys {
		t.n.command(key, &command{Kind: settle, Start: t.start, Key: key, Commit: t.commitTime}, nil)
	}
}

// timeOut gives a transaction up. If it has not asked for its commit it never will, so it has not happened.
func (t *txn) timeOut() {
	switch {
	case t.decided || t.n.store.async() && t.prewrites > 0:
		t.finish(front.Response{Status: front.Lost})
	default:
		t.rollBack()
		t.finish(front.Response{Status: front.Aborted})
	}
}

func (t *txn) finish(r front.Response) {
	if t.over {
		return
	}
	t.over = true
	t.n.txns = slices.DeleteFunc(t.n.txns, func(o *txn) bool { return o == t })
	t.m.Reply(r)
}
