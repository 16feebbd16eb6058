package torture_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/schedule"
)

// A locking is a way to hold a lock outside of a bubble, and one to take it in the bubble.
type locking struct {
	name          string
	hold, release func(*sync.RWMutex, *sync.Mutex)
	take          func(*sync.RWMutex, *sync.Mutex) (release func())
}

var lockings = []locking{
	{"Mutex", func(_ *sync.RWMutex, m *sync.Mutex) { m.Lock() }, func(_ *sync.RWMutex, m *sync.Mutex) { m.Unlock() },
		func(_ *sync.RWMutex, m *sync.Mutex) func() { m.Lock(); return m.Unlock }},
	{"RLock of a writer's", func(m *sync.RWMutex, _ *sync.Mutex) { m.Lock() }, func(m *sync.RWMutex, _ *sync.Mutex) { m.Unlock() },
		func(m *sync.RWMutex, _ *sync.Mutex) func() { m.RLock(); return m.RUnlock }},
	{"Lock of a reader's", func(m *sync.RWMutex, _ *sync.Mutex) { m.RLock() }, func(m *sync.RWMutex, _ *sync.Mutex) { m.RUnlock() },
		func(m *sync.RWMutex, _ *sync.Mutex) func() { m.Lock(); return m.Unlock }},
	{"Lock of a writer's", func(m *sync.RWMutex, _ *sync.Mutex) { m.Lock() }, func(m *sync.RWMutex, _ *sync.Mutex) { m.Unlock() },
		func(m *sync.RWMutex, _ *sync.Mutex) func() { m.Lock(); return m.Unlock }},
}

// TestOutsideMutex waits in a bubble for a lock that a goroutine outside of it holds. No virtual time passes
// meanwhile, the bubble is not said to be stuck, and its schedule is the same whenever the lock is released.
func TestOutsideMutex(t *testing.T) {
	needsRuntime(t)
	for _, l := range lockings {
		t.Run(l.name, func(t *testing.T) {
			first := ""
			for i := range tier.Seeds(t, 10, 60) {
				wait := []int{100_000, 0, 1, 10, 1000, 10_000}[i%6]
				got := l.meet(t, wait, i%7 == 3)
				if first == "" {
					first = got
				}
				if got != first {
					t.Fatalf("the lock was released after %d yields:\n  first:  %s\n  second: %s", wait, first, got)
				}
			}
		})
	}
}

// meet runs a bubble while a goroutine outside holds a lock for some yields, or for a while longer, and describes what happened in it.
func (l locking) meet(t *testing.T, yields int, longer bool) (what string) {
	var rw sync.RWMutex
	var mu sync.Mutex
	l.hold(&rw, &mu)
	released := make(chan struct{})
	go func() {
		defer close(released)
		for range yields {
			runtime.Gosched()
		}
		if longer {
			time.Sleep(20 * time.Millisecond)
		}
		l.release(&rw, &mu)
		for range yields % 100 { // and again, while the bubble is at it
			l.hold(&rw, &mu)
			l.release(&rw, &mu)
		}
	}()
	schedule.Start(7, schedule.Random(4))
	synctest.Test(t, func(*testing.T) {
		began := time.Now()
		var order []string
		var logs sync.Mutex
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				if i%2 == 1 {
					time.Sleep(time.Hour)
				}
				for range 3 {
					release := l.take(&rw, &mu)
					at := time.Since(began)
					runtime.Gosched()
					release()
					logs.Lock()
					order = append(order, fmt.Sprint(i, " at ", at))
					logs.Unlock()
				}
			})
		}
		wg.Wait()
		d := schedule.Recorded()
		what = fmt.Sprintf("%v, %016x of %d decisions, %d points", order, d.Hash, d.Steps, d.Points)
	})
	<-released
	return what
}

// TestLockAcrossSleep has a goroutine sleep while it holds a lock that another one waits for: time passes. In a
// bubble of Go's own it does not, and the test would never end.
func TestLockAcrossSleep(t *testing.T) {
	needsRuntime(t)
	schedule.Start(1, schedule.FirstCome())
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var mu sync.Mutex
		mu.Lock()
		go func() { time.Sleep(time.Hour); mu.Unlock() }()
		mu.Lock()
		if d := time.Since(began); d != time.Hour {
			t.Errorf("the lock was free after %v, and not after an hour", d)
		}
	})
}

// TestLateLazily has the world outside do for the first time in the process what a bubble does at the same time: Go
// reads a setting when the first timer is made. Of 300 first runs of a store on hashicorp/raft six took their turns
// in another order, since the goroutine that watches a run sometimes made its timer first, and the one in the bubble
// then passed fewer points.
func TestLateLazily(t *testing.T) {
	needsRuntime(t)
	p := self(t)
	quiet := setting{env: []string{"GOMAXPROCS=2"}}
	busy := quiet
	busy.noise = true // it makes timers before the bubble does
	for _, order := range []string{"random/1", "priorities/32"} {
		same(t, busy, p.start(t, quiet, "7", "group", order), p.start(t, busy, "7", "group", order))
	}
}
