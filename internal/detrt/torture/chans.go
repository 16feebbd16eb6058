package torture

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"time"
)

var chanOps = []op{
	{name: "select", run: selects},
	{name: "lockorder", run: lockOrder},
	{name: "unbuffered", run: func(w *world, g int) { channel(w, g, 0) }},
	{name: "buffered", run: func(w *world, g int) { channel(w, g, 3) }},
	{name: "burst", run: burst},
	{name: "close", run: closing},
	{name: "contexts", run: contexts},
	{name: "coroutine", run: coroutine},
	{name: "pipe", run: pipe},
}

func selects(w *world, g int) {
	for range 3 {
		tm := time.NewTimer(time.Duration(1+rand.IntN(3)) * time.Millisecond)
		t2 := time.After(2 * time.Millisecond)
		select {
		case w.chans[0] <- g:
			w.log(g, "select sent 0")
		case v := <-w.chans[1]:
			w.log(g, "select received 1: %d", v)
		case w.chans[2] <- g:
			w.log(g, "select sent 2")
		case v := <-w.chans[3]:
			w.log(g, "select received 3: %d", v)
		case v := <-w.chans[0]:
			w.log(g, "select received 0: %d", v)
		case <-tm.C:
			w.log(g, "select timer")
		case <-t2:
			w.log(g, "select after")
		}
		tm.Stop()
	}
}

// lockOrder waits for one channel in several cases. Which of them is served depends on the order in which
// select locks all of its channels.
func lockOrder(w *world, g int) {
	var b strings.Builder
	for range 10 {
		var c [6]chan int
		for i := range c {
			garbage(rand.IntN(4096))
			c[i] = make(chan int, rand.IntN(40))
		}
		go func() { time.Sleep(time.Millisecond); c[2] <- 0 }()
		got := 0
		select {
		case <-c[2]:
			got = 1
		case <-c[0]:
		case <-c[1]:
		case <-c[2]:
			got = 2
		case <-c[3]:
		case <-c[4]:
		case <-c[2]:
			got = 3
		case <-c[5]:
		}
		fmt.Fprint(&b, got)
	}
	w.log(g, "lockorder %s", b.String())
}

// garbage leaves n bytes to the garbage collector.
func garbage(n int) {
	var kept []byte
	for k := 0; k < n; k += 512 {
		kept = make([]byte, 512)
		kept[0] = byte(k)
	}
	runtime.KeepAlive(kept)
}

// channel has senders and receivers meet in a channel.
func channel(w *world, g, room int) {
	c := make(chan int, room)
	var senders, receivers sync.WaitGroup
	var mu sync.Mutex
	var order []int
	for i := range 4 {
		senders.Go(func() {
			for k := range 4 {
				c <- i*10 + k
			}
		})
		receivers.Go(func() {
			for v := range c {
				mu.Lock()
				order = append(order, i*100+v)
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	close(c)
	receivers.Wait()
	w.log(g, "channel of %d: %v", room, order)
}

func burst(w *world, g int) {
	if rand.IntN(10) != 0 {
		return
	}
	c := make(chan int)
	for i := range 300 {
		go func() { c <- i }()
	}
	var b strings.Builder
	for range 300 {
		fmt.Fprint(&b, <-c, ",")
	}
	w.log(g, "burst %s", b.String())
}

// closing wakes many who wait for a channel.
func closing(w *world, g int) {
	begin, ended := make(chan struct{}), make(chan int, 20)
	for i := range 20 {
		go func() {
			select {
			case <-begin:
			case <-time.After(time.Minute):
			}
			ended <- i
		}()
	}
	time.Sleep(time.Millisecond)
	close(begin)
	var order []int
	for range 20 {
		order = append(order, <-ended)
	}
	w.log(g, "close %v", order)
}

// contexts cancels a tree: a context keeps its children in a map with pointers for keys.
func contexts(w *world, g int) {
	root, cancel := context.WithTimeout(context.Background(), 3*time.Millisecond)
	defer cancel()
	parents := []context.Context{root}
	var wg sync.WaitGroup
	for i := range 20 {
		c, stop := context.WithCancel(parents[rand.IntN(len(parents))])
		defer stop()
		parents = append(parents, c)
		if i%2 == 0 {
			wg.Add(1)
			context.AfterFunc(c, func() { w.log(g, "contexts after %d", i); wg.Done() })
			continue
		}
		wg.Go(func() {
			<-c.Done()
			w.log(g, "contexts %d %v", i, errors.Is(c.Err(), context.DeadlineExceeded))
		})
	}
	wg.Wait()
}

func coroutine(w *world, g int) {
	next, stop := iter.Pull(func(yield func(int) bool) {
		for i := range 10 {
			if i == 5 {
				time.Sleep(time.Millisecond)
			}
			if !yield(i) {
				return
			}
		}
	})
	defer stop()
	for range 7 {
		v, _ := next()
		w.log(g, "coroutine %d", v)
	}
}

// pipe talks over a connection in memory, with deadlines.
func pipe(w *world, g int) {
	a, b := net.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() {
		defer func() { _ = b.Close() }()
		buf := make([]byte, 4)
		for {
			n, err := b.Read(buf)
			if err != nil {
				return
			}
			time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
			if _, err := b.Write(buf[:n]); err != nil {
				return
			}
		}
	})
	buf := make([]byte, 4)
	for i := range 4 {
		_ = a.SetDeadline(time.Now().Add(2 * time.Millisecond))
		_, errWrite := a.Write([]byte{byte(i), byte(g)})
		n, errRead := a.Read(buf)
		w.log(g, "pipe %d: %v %v", n, errWrite, errRead)
	}
	_ = a.Close()
	wg.Wait()
}
