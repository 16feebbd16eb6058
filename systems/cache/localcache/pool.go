package localcache

import (
	"sync"
	"time"
)

// A pool runs one task at a time, in the order in which they came. The zero pool is ready.
//
// A task begins an instant of virtual time after it could, when the read that requested
// it has ended. At the same instant, the Go scheduler would decide whether the
// load of a refresh still finds that read pending, and so to which read it is attributed.
type pool struct {
	mu    sync.Mutex
	tasks []func()
	busy  bool
	done  sync.WaitGroup
}

// do puts a task at the end of the queue, and never waits.
func (p *pool) do(task func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tasks = append(p.tasks, task)
	if !p.busy {
		p.busy = true
		p.done.Go(p.work)
	}
}

// work runs tasks until the queue is empty.
func (p *pool) work() {
	for {
		p.mu.Lock()
		if len(p.tasks) == 0 {
			p.busy = false
			p.mu.Unlock()
			return
		}
		task := p.tasks[0]
		p.tasks = p.tasks[1:]
		p.mu.Unlock()
		time.Sleep(time.Nanosecond)
		task()
	}
}

// wait waits until no task is left.
func (p *pool) wait() { p.done.Wait() }
