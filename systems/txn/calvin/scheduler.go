package calvin

import (
	"slices"
	"time"

	"github.com/capsize-go/capsize/model"
)

// slowest is the longest that a transaction takes once it has its locks. The others take less, as chance has it: so replicas carry out
// what is not ordered by locks in different orders.
const slowest = 3 * time.Millisecond

// A task is a transaction of the log that waits for its locks or is being carried out.
type task struct {
	*entry
	index uint64
	keys  []string
	lacks int  // locks
	skips bool // with the bug SkipEntry: one shard does not see it
}

// A scheduler grants the locks of a replica in the order of the log. A transaction asks for all of its locks at once when its turn in the
// log comes, so there are no deadlocks.
type scheduler struct {
	locks map[string][]*task // who holds the lock of a key, and who waits for it, in the order of the log
	tasks int
}

func newScheduler() scheduler { return scheduler{locks: map[string][]*task{}} }

// admit takes a task in, and reports whether it has all of its locks.
func (s *scheduler) admit(t *task) bool {
	t.keys = model.Txn(t.Ops).Keys()
	s.tasks++
	for _, k := range t.keys {
		if len(s.locks[k]) > 0 {
			t.lacks++
		}
		s.locks[k] = append(s.locks[k], t)
	}
	return t.lacks == 0
}

// release gives the locks of a task to those that wait, and returns the tasks that have all of theirs now.
func (s *scheduler) release(t *task) (ready []*task) {
	s.tasks--
	for _, k := range t.keys {
		queue := slices.Delete(s.locks[k], 0, 1)
		if len(queue) == 0 {
			delete(s.locks, k)
			continue
		}
		s.locks[k] = queue
		if queue[0].lacks--; queue[0].lacks == 0 {
			ready = append(ready, queue[0])
		}
	}
	return ready
}
