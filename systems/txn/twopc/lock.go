package twopc

import "slices"

// A mode is how a key is locked.
type mode uint8

const (
	shared    mode = 1 + iota // to be read
	exclusive                 // to be written
)

// A lock is the lock of one key: who holds it, and who waits for it, in the order in which they asked.
type lock struct {
	holders []*branch
	how     mode
	queue   []waiting
}

// waiting is a branch that waits for a lock.
type waiting struct {
	b   *branch
	how mode
}

// A grant says what a request for a lock came to.
type grant uint8

const (
	granted grant = iota
	waits         // for a younger transaction
	dies          // an older one has the lock
)

// request asks for a lock, and does not put the branch into the queue.
func (l *lock) request(b *branch, how mode) grant {
	held := slices.Contains(l.holders, b)
	if held && l.how >= how {
		return granted
	}
	free := true
	for _, other := range l.holders {
		if other == b || how == shared && l.how == shared {
			continue
		}
		// One that is prepared has all its locks, and waits for none.
		if free = false; !other.prepared && other.age.olderThan(b.age) {
			return dies
		}
	}
	if !free {
		return waits
	}
	if !held {
		l.holders = append(l.holders, b)
	}
	l.how = max(how, l.how)
	return granted
}

// drop takes a branch out of the holders and the queue.
func (l *lock) drop(b *branch) {
	l.holders = slices.DeleteFunc(l.holders, func(x *branch) bool { return x == b })
	l.queue = slices.DeleteFunc(l.queue, func(w waiting) bool { return w.b == b })
	if len(l.holders) == 0 {
		l.how = 0
	}
}
