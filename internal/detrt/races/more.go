package races

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A cell is part of a stack without locks.
type cell struct {
	next atomic.Pointer[cell]
	held atomic.Bool
}

type stack struct{ head atomic.Pointer[cell] }

func (s *stack) push(c *cell) {
	for {
		first := s.head.Load()
		c.next.Store(first)
		if s.head.CompareAndSwap(first, c) {
			return
		}
	}
}

func (s *stack) pop() *cell {
	for {
		c := s.head.Load()
		if c == nil {
			return nil
		}
		next := c.next.Load()
		if s.head.CompareAndSwap(c, next) {
			return c
		}
	}
}

// aba pops cells and pushes them again. Where a cell comes back while a pop is under way, that takes a
// stale next for the new head.
func aba(fixed bool) bool {
	var s stack
	var twice atomic.Bool
	for range 3 {
		s.push(new(cell))
	}
	take := func() *cell {
		c := s.pop()
		if c != nil && c.held.Swap(true) {
			twice.Store(true)
		}
		return c
	}
	wg := others(2, 10)
	for range 2 {
		wg.Go(func() {
			for range 3 {
				x, _ := take(), take()
				switch {
				case x == nil:
				case fixed:
					s.push(new(cell)) // a cell never comes back
				default:
					x.held.Store(false)
					s.push(x)
				}
			}
		})
	}
	wg.Wait()
	return twice.Load()
}

// A buffer holds one value. Its memory is that of an atomic type, so that the race detector has nothing to say.
type buffer struct{ atomic.Int64 }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// usedAfterPut gives a buffer back and uses it afterwards.
func usedAfterPut(fixed bool) bool {
	out := make(chan int64)
	var wrong atomic.Bool
	wg := others(2, 5)
	for i := range int64(4) {
		wg.Go(func() {
			b := buffers.Get().(*buffer)
			b.Store(i)
			if !fixed {
				buffers.Put(b)
			}
			out <- b.Load()
			if fixed {
				buffers.Put(b)
			}
		})
	}
	wg.Go(func() {
		seen := map[int64]bool{}
		for range 4 {
			i := <-out
			if seen[i] {
				wrong.Store(true)
			}
			seen[i] = true
		}
	})
	wg.Wait()
	return wrong.Load()
}

// A closer ends when it is closed for the first time.
type closer struct {
	closed atomic.Bool
	done   chan struct{}
}

func (c *closer) close(fixed bool) {
	if fixed {
		if c.closed.CompareAndSwap(false, true) {
			close(c.done)
		}
		return
	}
	if !c.closed.Load() {
		c.closed.Store(true)
		close(c.done)
	}
}

// doubleClose closes twice what says that it can be closed twice.
func doubleClose(fixed bool) bool {
	c := closer{done: make(chan struct{})}
	var panicked atomic.Bool
	wg := others(4, 10)
	for range 2 {
		wg.Go(func() {
			defer func() {
				if recover() != nil {
					panicked.Store(true)
				}
			}()
			c.close(fixed)
		})
	}
	wg.Wait()
	return panicked.Load()
}

// A group is tasks that stop together.
type group struct {
	stopped atomic.Bool
	mu      sync.Mutex
	cancels []context.CancelFunc
}

// start returns a context that is canceled by stop; false if that has been called.
func (g *group) start(fixed bool) (context.Context, bool) {
	if g.stopped.Load() {
		return nil, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if fixed && g.stopped.Load() {
		return nil, false
	}
	ctx, cancel := context.WithCancel(context.Background())
	g.cancels = append(g.cancels, cancel)
	return ctx, true
}

func (g *group) stop() {
	g.stopped.Store(true)
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, cancel := range g.cancels {
		cancel()
	}
}

// contextLeak has a task be started while the others are stopped. Its context is never canceled.
func contextLeak(fixed bool) bool {
	var g group
	var leaked atomic.Bool
	wg := others(4, 10)
	wg.Go(func() {
		ctx, ok := g.start(fixed)
		if !ok {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Minute):
			leaked.Store(true)
		}
	})
	wg.Go(g.stop)
	wg.Wait()
	return leaked.Load()
}

// upgrade reads with the lock for readers and writes with the other one, without a second look.
func upgrade(fixed bool) bool {
	var mu sync.RWMutex
	made := map[string]*account{}
	get := func() *account {
		mu.RLock()
		a := made["a"]
		mu.RUnlock()
		if a != nil {
			return a
		}
		mu.Lock()
		defer mu.Unlock()
		if a := made["a"]; a != nil && fixed {
			return a
		}
		made["a"] = new(account)
		return made["a"]
	}
	wg := others(4, 10)
	for range 2 {
		wg.Go(func() { get().take(1) })
	}
	wg.Wait()
	return get().get() != -2
}

// readTwice takes a lock for readers that it has. A writer in between waits for the first, and the second for the writer.
func readTwice(fixed bool) bool {
	var mu sync.RWMutex
	values := map[string]int{}
	size := func() int {
		mu.RLock()
		defer mu.RUnlock()
		return len(values)
	}
	wg := others(4, 10)
	wg.Go(func() {
		mu.RLock()
		n := len(values)
		if fixed {
			mu.RUnlock()
			_ = size()
			return
		}
		defer mu.RUnlock()
		_ = n + size()
	})
	wg.Go(func() {
		mu.Lock()
		defer mu.Unlock()
		values["a"] = 1
	})
	wg.Wait()
	return false
}

// A lazy value tells those who asked for it while it was made. They use it at once.
type lazy struct {
	once    sync.Once
	making  atomic.Bool
	mu      sync.Mutex
	waiting []func()
}

func (l *lazy) get(fixed bool) {
	var then []func()
	l.once.Do(func() {
		l.making.Store(true)
		l.mu.Lock()
		then, l.waiting = l.waiting, nil
		l.mu.Unlock()
		l.making.Store(false)
		if !fixed {
			call(then) // these get the value, within the function that makes it
		}
	})
	if fixed {
		call(then)
	}
}

func call(all []func()) {
	for _, f := range all {
		f()
	}
}

func (l *lazy) whenMade(f func()) {
	if l.making.Load() {
		l.mu.Lock()
		l.waiting = append(l.waiting, f)
		l.mu.Unlock()
	}
}

// onceReentry has a function that a sync.Once calls wait for that sync.Once.
func onceReentry(fixed bool) bool {
	var l lazy
	wg := others(4, 10)
	wg.Go(func() { l.get(fixed) })
	wg.Go(func() { l.whenMade(func() { l.get(fixed) }) })
	wg.Wait()
	return false
}

// A session is closed when it was not used for a while.
type session struct {
	mu     sync.Mutex
	until  time.Time
	timer  *time.Timer
	closed bool
}

const idle = 2 * time.Second

func (s *session) open(fixed bool) {
	s.until = time.Now().Add(idle)
	s.timer = time.AfterFunc(idle, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if fixed && time.Now().Before(s.until) {
			return // it was used while this function was about to run
		}
		s.closed = true
	})
}

// use reports whether the session is open, and stays so for a while.
func (s *session) use() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.until = time.Now().Add(idle)
	s.timer.Reset(idle)
	return true
}

func (s *session) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// timerReset uses a session at the instant at which its timer fires.
func timerReset(fixed bool) bool {
	var s session
	s.open(fixed)
	defer func() { s.timer.Stop() }()
	wg := others(4, 10)
	wg.Wait()
	time.Sleep(idle)
	used := s.use()
	time.Sleep(idle / 2)
	return used && s.isClosed()
}
