package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

var syncOps = []op{
	{name: "mutex", run: mutex},
	{name: "trylock", run: tryLock},
	{name: "rwmutex", run: rwMutex},
	{name: "holding", run: holding},
	{name: "starving", run: starving},
	{name: "cond", run: cond},
	{name: "once", run: once},
	{name: "group", run: group},
	{name: "pool", run: pool},
	{name: "pools", run: pools},
	{name: "spin", run: spin},
	{name: "compareandswap", run: compareAndSwap},
	{name: "goexit", run: goexit},
}

func mutex(w *world, g int) {
	for range 5 {
		w.big.Lock()
		w.count++
		c := w.count
		if rand.IntN(2) == 0 {
			runtime.Gosched()
		}
		w.big.Unlock()
		w.log(g, "mutex %d", c)
	}
}

func tryLock(w *world, g int) {
	got := 0
	for range 8 {
		if w.big.TryLock() {
			got++
			runtime.Gosched()
			w.big.Unlock()
		}
		if w.rw.TryRLock() {
			got += 100
			runtime.Gosched()
			w.rw.RUnlock()
		}
	}
	w.log(g, "trylock %d", got)
}

func rwMutex(w *world, g int) {
	w.rw.RLock()
	seen := w.wrote
	runtime.Gosched()
	w.rw.RUnlock()
	w.rw.Lock()
	w.wrote++
	now := w.wrote
	w.rw.Unlock()
	w.log(g, "rwmutex %d %d", seen, now)
}

// holding sleeps while it holds a lock, which stops the time of a bubble of Go's own.
func holding(w *world, g int) {
	if rand.IntN(4) != 0 {
		return
	}
	w.rw.Lock()
	time.Sleep(time.Millisecond)
	w.rw.Unlock()
	w.big.Lock()
	time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
	w.big.Unlock()
	w.log(g, "holding")
}

// starving has many wait for a lock so long that one of them is handed it.
func starving(w *world, g int) {
	var mu sync.Mutex
	var order []int
	var sum uint64
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for range 4 {
				mu.Lock()
				order = append(order, i)
				sum += compute(20_000)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	w.log(g, "starving %v %d", order, sum)
}

// compute takes some of the machine's time.
func compute(n int) uint64 {
	x := uint64(n)
	for range n {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

func cond(w *world, g int) {
	w.cond.L.Lock()
	go func() {
		time.Sleep(time.Millisecond)
		w.cond.L.Lock()
		defer w.cond.L.Unlock()
		w.cond.Signal()
		w.cond.Broadcast()
	}()
	w.cond.Wait()
	w.cond.L.Unlock()
	w.log(g, "cond")
}

func once(w *world, g int) {
	var o sync.Once
	first := -1
	value := sync.OnceValue(func() int { runtime.Gosched(); return first })
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() { o.Do(func() { runtime.Gosched(); first = i }); value() })
	}
	wg.Wait()
	w.log(g, "once %d %d", first, value())
}

// group does as package errgroup: the first error ends the others.
func group(w *world, g int) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	var wg sync.WaitGroup
	var failed sync.Once
	var ended atomic.Int64
	for i := range 12 {
		wg.Go(func() {
			select {
			case <-ctx.Done():
				ended.Add(1)
			case <-time.After(time.Duration(1+rand.IntN(3)) * time.Millisecond):
				failed.Do(func() { cancel(fmt.Errorf("goroutine %d", i)) })
			}
		})
	}
	wg.Wait()
	w.log(g, "group %v, %d ended", context.Cause(ctx), ended.Load())
}

func pool(w *world, g int) {
	x, _ := w.items.Get().(*item)
	y, _ := w.items.Get().(*item)
	w.log(g, "pool %d %d", x.id, y.id)
	x.id++
	y.id += 2
	w.items.Put(x)
	w.items.Put(y)
}

// pools empties a pool of its own while there is garbage.
func pools(w *world, g int) {
	made := 0
	p := sync.Pool{New: func() any { made++; return new(item) }}
	for i := range 30 {
		p.Put(&item{id: i})
	}
	garbage(1 << 16)
	sum := 0
	for range 40 {
		x, _ := p.Get().(*item)
		sum = sum*3 + x.id
	}
	w.log(g, "pools %d %d", made, sum)
}

func spin(w *world, g int) {
	n := w.spin.Add(1)
	go func() { time.Sleep(0); w.spin.Add(1) }()
	k := 0
	for ; w.spin.Load() == n; k++ {
		runtime.Gosched()
	}
	w.log(g, "spin %d", k)
}

func compareAndSwap(w *world, g int) {
	retries := 0
	for {
		old := w.list.Load()
		x := &item{id: g, next: old}
		if old != nil {
			x.id += old.id
		}
		if rand.IntN(2) == 0 {
			runtime.Gosched()
		}
		if w.list.CompareAndSwap(old, x) {
			w.log(g, "compareandswap %d after %d", x.id, retries)
			return
		}
		retries++
	}
}

func goexit(w *world, g int) {
	errs := make(chan error, 3)
	for i := range 3 {
		go func() {
			defer func() {
				if p := recover(); p != nil {
					errs <- fmt.Errorf("panic of %d: %v", i, p)
				} else {
					errs <- fmt.Errorf("end of %d", i)
				}
			}()
			if i%2 == 0 {
				runtime.Goexit()
			}
			panic(errors.New("on purpose"))
		}()
	}
	w.log(g, "goexit %v, %v, %v", <-errs, <-errs, <-errs)
}
