package torture

import (
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
)

var machineOps = []op{
	{name: "processors", run: processors},
	{name: "allocate", run: allocate},
	{name: "collect", run: collect},
	{name: "compute", run: computing},
	{name: "syscall", files: true, run: syscalls},
	{name: "thread", run: thread},
	{name: "stack", run: stack},
}

func processors(w *world, g int) {
	w.log(g, "processors %d %d", runtime.GOMAXPROCS(0), runtime.NumCPU())
}

func allocate(w *world, g int) {
	for i := range 20 {
		b := make([]byte, 1+rand.IntN(100000))
		b[0] = byte(i)
		w.big.Lock()
		w.kept = append(w.kept, b)
		if len(w.kept) > 50 {
			w.kept = nil
		}
		w.big.Unlock()
	}
	w.log(g, "allocate")
}

// collect stops the world.
func collect(w *world, g int) {
	switch rand.IntN(16) {
	case 0:
		runtime.GC()
	case 1:
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
	default:
		return
	}
	w.log(g, "collect")
}

// computing takes longer than Go lets a goroutine run without a break.
func computing(w *world, g int) {
	if rand.IntN(20) == 0 {
		w.log(g, "compute %d", compute(15_000_000))
	}
}

// syscalls waits for the machine.
func syscalls(w *world, g int) {
	entries, err := os.ReadDir(w.dir)
	_, errMissing := os.Stat(w.dir + "/missing")
	w.log(g, "syscall %v %v %v", len(entries) >= 0, err, errMissing != nil)
}

// thread takes a thread for a goroutine.
func thread(w *world, g int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c := make(chan int)
	go func() { c <- g }()
	runtime.Gosched()
	w.turns.Add(1)
	w.log(g, "thread %d", <-c)
}

// stack makes a stack grow, with a select below that waits.
func stack(w *world, g int) {
	c, ended := make(chan int), make(chan string)
	go func() {
		var v [64]int
		select {
		case v[g%64] = <-c:
		case <-ended:
		}
		ended <- strings.Repeat("x", deep(200+g, v[g%64]))
	}()
	c <- g
	w.log(g, "stack %d", len(<-ended))
}

// deep calls itself n times, with much on the stack.
func deep(n, v int) int {
	var room [128]int
	room[n%128] = v
	if n == 0 {
		return v
	}
	return min(deep(n-1, v)+room[(n+1)%128], 1000)
}
