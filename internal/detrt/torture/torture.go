// Package torture does all that is random in Go, in many goroutines at once. In a bubble of the deterministic runtime a run
// of it depends on the seed alone. Each operation can be run by itself, so that a failure names it.
//
// What it leaves out is what stays up to chance: addresses, numbers of goroutines, when the garbage collector
// runs, and how long the machine takes.
package torture

import (
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Config says what a run does.
type Config struct {
	Ops        []string // by name; none: all
	Goroutines int      // default 50
	Rounds     int      // operations of each goroutine, default 20
	Dir        string   // a folder for files; none: without the operations that need one
}

// A Result is what a run did.
type Result struct {
	Hash  uint64   // of all lines
	Lines []string // in the order in which they were logged
}

// An op is one operation. It logs its result, and holds nothing when it returns.
type op struct {
	name  string
	files bool // whether it needs a folder
	lasts bool // whether a process remembers its first use, and does less later
	run   func(w *world, g int)
}

// operations returns all of them.
func operations() []op {
	return slices.Concat(syncOps, chanOps, timeOps, mapOps, randomOps, machineOps)
}

// Ops returns the names of all operations.
func Ops() []string { return names(func(op) bool { return true }) }

// Repeatable returns the names of the operations that do the same in any run of a process. The first use of the others fills
// something that the process keeps, as the cache of encoding/json: they pass other points then.
func Repeatable() []string { return names(func(o op) bool { return !o.lasts }) }

func names(which func(o op) bool) (all []string) {
	for _, o := range operations() {
		if which(o) {
			all = append(all, o.name)
		}
	}
	return all
}

// A world is what the goroutines of a run share.
type world struct {
	dir string

	logs  sync.Mutex // contended on purpose
	lines []string

	chans [4]chan int
	big   sync.Mutex
	rw    sync.RWMutex
	cond  *sync.Cond
	count int // big guards it
	wrote int // rw guards it
	kept  [][]byte
	turns atomic.Int64
	spin  atomic.Int64
	items sync.Pool
	named sync.Map
	list  atomic.Pointer[item]
}

// An item is an object with an address.
type item struct {
	id   int
	next *item
}

// log takes down what a goroutine did.
func (w *world) log(g int, what string, args ...any) {
	line := fmt.Sprintf("%d g%d ", time.Now().UnixNano(), g) + fmt.Sprintf(what, args...)
	w.logs.Lock()
	defer w.logs.Unlock()
	w.lines = append(w.lines, line)
}

// Run runs operations and returns what they logged. It is called in a bubble.
func Run(c Config) Result {
	use := c.choose()
	w := &world{dir: c.Dir}
	w.cond = sync.NewCond(&w.rw)
	w.items.New = func() any { return &item{id: 1} }
	for i := range w.chans {
		w.chans[i] = make(chan int, i%2)
	}
	goroutines, rounds := c.Goroutines, c.Rounds
	if goroutines == 0 {
		goroutines = 50
	}
	if rounds == 0 {
		rounds = 20
	}
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for r := range rounds {
				o := use[(r*7+g*13)%len(use)]
				if r%2 == 1 {
					o = use[rand.IntN(len(use))]
				}
				o.run(w, g)
			}
		})
	}
	wg.Wait()
	time.Sleep(time.Second) // for what ends by itself
	h := fnv.New64a()
	for _, l := range w.lines {
		_, _ = io.WriteString(h, l+"\n")
	}
	return Result{h.Sum64(), w.lines}
}

// choose returns the operations of a run.
func (c Config) choose() (use []op) {
	for _, o := range operations() {
		if (len(c.Ops) == 0 || slices.Contains(c.Ops, o.name)) && (c.Dir != "" || !o.files) {
			use = append(use, o)
		}
	}
	return use
}
