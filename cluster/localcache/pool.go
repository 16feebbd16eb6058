package localcache

import "sync"

// A pool runs one task at a time, in the order in which they came. The zero pool is ready.
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
		task()
	}
}

// wait waits until no task is left.
func (p *pool) wait() { p.done.Wait() }
