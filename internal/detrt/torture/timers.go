package torture

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

var timeOps = []op{
	{name: "timers", run: timers},
	{name: "ticker", run: ticker},
	{name: "stopped", run: stopped},
	{name: "heap", run: heap},
	{name: "tie", run: tie},
}

func timers(w *world, g int) {
	d := time.Duration(1+rand.IntN(2)) * time.Millisecond
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Add(1)
		time.AfterFunc(d, func() { w.log(g, "timers %d", i); wg.Done() })
	}
	time.Sleep(d)
	w.log(g, "timers slept")
	wg.Wait()
}

func ticker(w *world, g int) {
	t := time.NewTicker(time.Millisecond)
	defer t.Stop()
	for i := range 4 {
		at := <-t.C
		w.log(g, "ticker %d %d", i, at.UnixNano())
		t.Reset(time.Duration(1+rand.IntN(2)) * time.Millisecond)
	}
}

// stopped stops timers and sets them anew while there is garbage: a timer that is stopped leaves its heap at once, or
// when it suits the garbage collector, and draws anew if it has left.
func stopped(w *world, g int) {
	var b strings.Builder
	var mu sync.Mutex
	var wg sync.WaitGroup
	wg.Add(10)
	var set [10]*time.Timer
	for i := range set {
		set[i] = time.AfterFunc(time.Hour, func() {
			mu.Lock()
			fmt.Fprint(&b, i, ",")
			mu.Unlock()
			wg.Done()
		})
	}
	stops := 0
	for k := range 300 {
		t := set[k%len(set)]
		if t.Stop() {
			stops++
		}
		garbage(4096)
		other := time.NewTimer(time.Hour)
		other.Stop()
		t.Reset(time.Hour)
	}
	for _, t := range set {
		t.Reset(time.Millisecond)
	}
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	w.log(g, "stopped %d: %s", stops, b.String())
}

// heap leaves many stopped timers to the next one that is set. To clean them up takes so long that a garbage collector which is under
// way interrupts it: then some stay in the heap of timers, and do not draw anew when they are set again.
func heap(w *world, g int) {
	var mu sync.Mutex
	var order []int
	var wg sync.WaitGroup
	const n = 20_000
	set := make([]*time.Timer, n)
	for i := range set {
		set[i] = time.AfterFunc(time.Hour, func() {
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
			wg.Done()
		})
	}
	for _, t := range set {
		t.Stop()
	}
	other := time.NewTimer(time.Minute)
	for i := n / 80; i < n; i += n / 40 {
		wg.Add(1)
		set[i].Reset(time.Millisecond)
	}
	wg.Wait()
	other.Stop()
	w.log(g, "heap %v", order)
}

// tie has goroutines sleep until one instant.
func tie(w *world, g int) {
	end := time.Now().Add(2 * time.Millisecond)
	ended := make(chan int, 8)
	for i := range 8 {
		go func() {
			time.Sleep(time.Duration(i%3) * 500 * time.Microsecond)
			time.Sleep(time.Until(end))
			ended <- i
		}()
	}
	var order []int
	for range 8 {
		order = append(order, <-ended)
	}
	w.log(g, "tie %v", order)
}
