package ssi

import "slices"

// An xact is what the conflict manager knows of a transaction.
type xact struct {
	level      Level
	snap       snap
	begin, end uint64  // by the manager's clock; end is when its effect became visible, and 0 before
	in, out    []*xact // the transactions at the same time from which, or to which, an anti-dependency leads
	committed  bool    // it can't be aborted any more
	gone       bool    // it was aborted
	reads      []string
	writes     []string
	touches    []string // predicates that rows match which it inserted or deleted
	locked     []string
}

// A manager finds the transactions that must be aborted so that the others are serializable. It lives on the primary, and begins anew
// with each: a transaction of an earlier one has been aborted, or comes before all of this one's snapshots.
type manager struct {
	bugs    Bug
	clock   uint64
	all     []*xact
	readers map[string][]*xact // the SIREAD locks
	writers map[string][]*xact
	locks   map[string]*xact // the keys that only one may write
}

func newManager(bugs Bug) *manager {
	return &manager{bugs: bugs, readers: map[string][]*xact{}, writers: map[string][]*xact{}, locks: map[string]*xact{}}
}

// start begins a transaction.
func (m *manager) start(s snap, level Level) *xact {
	m.clock++
	x := &xact{snap: s, level: level, begin: m.clock}
	m.all = append(m.all, x)
	return x
}

// concurrent reports whether neither of two transactions ended before the other began.
func concurrent(a, b *xact) bool {
	return a != b && (a.end == 0 || b.begin < a.end) && (b.end == 0 || a.begin < b.end)
}

// read records that a transaction read a key, and reports whether it may go on.
func (m *manager) read(x *xact, key string) bool {
	if x.level != Serializable || slices.Contains(x.reads, key) {
		return true
	}
	x.reads = append(x.reads, key)
	m.readers[key] = append(m.readers[key], x)
	for _, w := range m.writers[key] {
		if concurrent(x, w) && !m.depends(x, w) {
			return false
		}
	}
	return true
}

// write records that a transaction wrote a key, and reports whether it may go on.
func (m *manager) write(x *xact, key string) bool {
	if slices.Contains(x.writes, key) {
		return true
	}
	if holder := m.locks[key]; holder != nil && holder != x {
		return false
	}
	x.writes = append(x.writes, key)
	m.writers[key] = append(m.writers[key], x)
	return !m.overtaken(x) && m.meets(x, key)
}

// lock gives a transaction the right to write a key, until it ends, and reports whether it may go on. It may not if another has that right or has
// written the key and not ended, nor if another committed the key since a snapshot that the transaction keeps. No one waits for a lock.
func (m *manager) lock(x *xact, key string) bool {
	if holder := m.locks[key]; holder != nil {
		return holder == x
	}
	for _, w := range m.writers[key] {
		if w != x && !w.gone && (w.end == 0 || x.level != ReadCommitted && w.committed && concurrent(x, w)) {
			return false
		}
	}
	m.locks[key] = x
	x.locked = append(x.locked, key)
	return true
}

// touch records that a transaction changed a row that reads by a predicate depend on, and reports whether it may go on. Two that change
// different rows of a predicate do not overtake each other.
func (m *manager) touch(x *xact, predicate string) bool {
	if slices.Contains(x.touches, predicate) {
		return true
	}
	x.touches = append(x.touches, predicate)
	m.writers[predicate] = append(m.writers[predicate], x)
	return m.meets(x, predicate)
}

// meets records the anti-dependencies from those that have read a key to a transaction that wrote it.
func (m *manager) meets(x *xact, key string) bool {
	for _, r := range m.readers[key] {
		if concurrent(x, r) && !m.depends(r, x) {
			return false
		}
	}
	return true
}

// depends records an anti-dependency between serializable transactions: reader did not see what writer wrote. It reports whether the one of
// the two that is at work may go on: a transaction with a dependency into it and one out of it must not have committed.
func (m *manager) depends(reader, writer *xact) bool {
	if reader.level != Serializable || writer.level != Serializable {
		return true
	}
	reader.out, writer.in = append(reader.out, writer), append(writer.in, reader)
	return !(writer.committed && remain(writer.out)) && !(reader.committed && remain(reader.in))
}

// remain reports whether any of some transactions was not aborted.
func remain(xs []*xact) bool { return slices.ContainsFunc(xs, func(x *xact) bool { return !x.gone }) }

// overtaken reports whether another has committed a key that the transaction writes, since its snapshot. One that reads what is committed
// has no snapshot that it keeps.
func (m *manager) overtaken(x *xact) bool {
	if x.level == ReadCommitted {
		return false
	}
	for _, key := range x.writes {
		for _, w := range m.writers[key] {
			if w.committed && concurrent(x, w) {
				return true
			}
		}
	}
	return false
}

// commit reports whether a transaction may commit. It has then.
func (m *manager) commit(x *xact) bool {
	if remain(x.in) && remain(x.out) || m.overtaken(x) {
		return false
	}
	x.committed = true
	if m.bugs&ForgetReaders != 0 {
		m.unlock(x)
	}
	return true
}

// ended records that the effect of a transaction is visible from now on, or that it was aborted.
func (m *manager) ended(x *xact) {
	m.clock++
	x.end = m.clock
	x.gone = !x.committed
	for _, key := range x.locked {
		delete(m.locks, key)
	}
	m.clean()
}

// unlock drops the SIREAD locks of a transaction.
func (m *manager) unlock(x *xact) {
	for _, key := range x.reads {
		m.readers[key] = slices.DeleteFunc(m.readers[key], func(o *xact) bool { return o == x })
	}
}

// clean forgets those that have ended before all began that are still at work.
func (m *manager) clean() {
	oldest := m.clock
	for _, x := range m.all {
		if x.end == 0 && !x.committed {
			oldest = min(oldest, x.begin)
		}
	}
	m.all = slices.DeleteFunc(m.all, func(x *xact) bool {
		if !x.gone && (x.end == 0 || x.end > oldest) {
			return false
		}
		m.unlock(x)
		x.in, x.out = nil, nil // so that none keeps all before it in memory
		for _, key := range slices.Concat(x.writes, x.touches) {
			m.writers[key] = slices.DeleteFunc(m.writers[key], func(o *xact) bool { return o == x })
		}
		return true
	})
}
