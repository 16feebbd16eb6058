// Package races has small programs with a concurrency bug each, which only some orders of their goroutines show, and each
// without it. They measure what a schedule finds.
package races

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Race is a program with a bug.
type Race struct {
	Name string
	// Run runs the program once, in a bubble, and reports whether the bug showed. A deadlock is a bug that shows, too.
	Run func(fixed bool) bool
	// Best is how many seeds the best single schedule takes to show the bug, on average: TestTable measures it.
	Best int
}

// All returns the programs.
func All() []Race {
	return []Race{
		{"check, then act", checkThenAct, 4},
		{"lost wake-up", lostWakeUp, 12},
		{"lock order", lockOrder, 4},
		{"ABA", aba, 22},
		{"three in a row", threeInARow, 22},
		{"starved stop", starvedStop, 20},
		{"used after Put", usedAfterPut, 3},
		{"lapped reader", lappedReader, 53},
		{"double close", doubleClose, 4},
		{"context leak", contextLeak, 12},
		{"RWMutex upgrade", upgrade, 2},
		{"read lock twice", readTwice, 10},
		{"Once re-entry", onceReentry, 16},
		{"timer reset", timerReset, 2},
	}
}

// others has n goroutines synchronize meanwhile, as those of a real program do.
func others(n, times int) *sync.WaitGroup {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var x atomic.Int64
	for range n {
		wg.Go(func() {
			for range times {
				mu.Lock()
				x.Add(1)
				mu.Unlock()
			}
		})
	}
	return &wg
}

// An account is used by several at a time.
type account struct {
	mu      sync.Mutex
	balance int
}

func (a *account) get() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.balance
}

func (a *account) take(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.balance -= n
}

func (a *account) takeIfThere(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.balance >= n {
		a.balance -= n
	}
}

// checkThenAct takes from an account what was there a moment ago.
func checkThenAct(fixed bool) bool {
	a := account{balance: 100}
	wg := others(4, 10)
	for range 2 {
		wg.Go(func() {
			if fixed {
				a.takeIfThere(60)
			} else if a.get() >= 60 {
				a.take(60)
			}
		})
	}
	wg.Wait()
	return a.get() < 0
}

// lostWakeUp looks whether it has to wait, and then says that it waits.
func lostWakeUp(fixed bool) bool {
	var ready, waiting, lost atomic.Bool
	wake := make(chan bool, 1)
	wg := others(4, 10)
	wg.Go(func() {
		if fixed {
			waiting.Store(true)
		}
		if ready.Load() {
			return
		}
		waiting.Store(true)
		select {
		case <-wake:
		case <-time.After(time.Second):
			lost.Store(true)
		}
	})
	wg.Go(func() {
		ready.Store(true)
		if waiting.Load() {
			wake <- true
		}
	})
	wg.Wait()
	return lost.Load()
}

// transfer locks two accounts in the order in which they are named.
func transfer(from, to *account, n int) {
	from.mu.Lock()
	defer from.mu.Unlock()
	to.mu.Lock()
	defer to.mu.Unlock()
	from.balance -= n
	to.balance += n
}

// lockOrder transfers in both directions at a time.
func lockOrder(fixed bool) bool {
	var a, b account
	wg := others(4, 10)
	wg.Go(func() { transfer(&a, &b, 1) })
	wg.Go(func() {
		if fixed {
			transfer(&a, &b, -1)
		} else {
			transfer(&b, &a, 1)
		}
	})
	wg.Wait()
	return false
}

// starvedStop works on while there is work, although it was to stop.
func starvedStop(fixed bool) bool {
	jobs, stop, ended := make(chan int, 100), make(chan bool), make(chan bool)
	for i := range cap(jobs) {
		jobs <- i
	}
	var stopped atomic.Bool
	late := 0
	go func() {
		defer close(ended)
		for {
			if fixed {
				select {
				case <-stop:
					return
				default:
				}
			}
			select {
			case <-stop:
				return
			case <-jobs:
				if stopped.Load() {
					late++
				}
			}
		}
	}()
	close(stop)
	stopped.Store(true)
	<-ended
	return late >= 6
}

// threeInARow goes wrong only if three goroutines come between each other's steps in one order.
func threeInARow(fixed bool) bool {
	var a, b, c atomic.Int64
	var wrong atomic.Bool
	wg := others(4, 10)
	wg.Go(func() {
		a.Store(1)
		if seen := c.Load(); b.Load() == 1 && seen == 0 && c.Load() == 1 && !fixed {
			wrong.Store(true)
		}
		a.Store(0)
	})
	wg.Go(func() {
		if a.Load() == 1 {
			b.Store(1)
		}
	})
	wg.Go(func() {
		if b.Load() == 1 {
			c.Store(1)
		}
	})
	wg.Wait()
	return wrong.Load()
}

// lappedReader reads a slot of a ring to which the writer may have come back since. The reader has to be
// kept waiting for long.
func lappedReader(fixed bool) bool {
	const slots = 32
	var head atomic.Int64
	var ring [slots]atomic.Int64
	var lapped atomic.Bool
	wg := others(4, 10)
	wg.Go(func() {
		for i := int64(1); i <= 2*slots; i++ {
			ring[i%slots].Store(i)
			head.Store(i)
		}
	})
	wg.Go(func() {
		for range 4 {
			i := head.Load()
			v := ring[i%slots].Load()
			if fixed && head.Load() >= i+slots-1 {
				continue // it was lapped, perhaps: it reads again
			}
			if v > i {
				lapped.Store(true)
			}
		}
	})
	wg.Wait()
	return lapped.Load()
}
