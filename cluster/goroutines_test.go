package cluster_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/schedule"
)

func needRuntime(t *testing.T) {
	t.Helper()
	if !schedule.Active() {
		t.Skip("needs the deterministic runtime: run it with capsize test")
	}
}

// A diary is what goroutines of hosts did, with the instants of the world.
type diary struct {
	r *fixture

	mu      sync.Mutex
	entries []time.Duration
}

func (d *diary) note() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = append(d.entries, d.r.Now().Round(time.Millisecond))
}

// since returns what was noted, counted from an instant.
func (d *diary) since(t time.Duration) (all []time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, at := range d.entries {
		all = append(all, (at - t).Round(10*time.Millisecond))
	}
	return all
}

// hostTests are what pauses, clocks and crashes do to code that knows package time, and nothing of a host.
var hostTests = map[string]func(t *testing.T, r *fixture){
	"a pause holds a sleep": func(t *testing.T, r *fixture) {
		begin, d := r.Now(), diary{r: r}
		r.on("n1", func(*cluster.Host) {
			go func() { time.Sleep(2 * time.Second); d.note(); time.Sleep(time.Second); d.note() }()
		})
		r.on("n2", func(*cluster.Host) { go func() { time.Sleep(3 * time.Second); d.note() }() })
		r.pass(time.Second)
		heal := r.Pause("n1")
		r.pass(9 * time.Second)
		heal()
		r.pass(5 * time.Second)
		assert.Equal(t, []time.Duration{3 * time.Second, 10 * time.Second, 11 * time.Second}, d.since(begin))
	},
	"a pause holds tickers, timers and contexts": func(t *testing.T, r *fixture) {
		begin := r.Now()
		ticks, ends, fires := diary{r: r}, diary{r: r}, diary{r: r}
		r.on("n1", func(*cluster.Host) {
			go func() {
				for range time.Tick(time.Second) {
					ticks.note()
				}
			}()
			time.AfterFunc(4*time.Second, fires.note)
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			go func() { <-ctx.Done(); ends.note(); cancel() }()
		})
		r.pass(1500 * time.Millisecond)
		heal := r.Pause("n1")
		r.pass(8 * time.Second)
		heal()
		r.pass(time.Second)
		r.Crash("n1") // the ticker would tick on
		r.pass(time.Second)
		paused := 9500 * time.Millisecond
		assert.Equal(t, []time.Duration{paused}, ends.since(begin))
		assert.Equal(t, []time.Duration{paused}, fires.since(begin))
		assert.Equal(t, []time.Duration{time.Second, paused, paused, 10 * time.Second}, ticks.since(begin), "one tick had come, and one was kept")
	},
	"two pauses": func(t *testing.T, r *fixture) {
		begin, d := r.Now(), diary{r: r}
		r.on("n1", func(*cluster.Host) { go func() { time.Sleep(time.Second); d.note() }() })
		one, two := r.Pause("n1"), r.Pause("n1")
		r.pass(3 * time.Second)
		one()
		r.pass(3 * time.Second)
		two()
		r.pass(time.Second)
		assert.Equal(t, []time.Duration{6 * time.Second}, d.since(begin))
	},
	"a step of the clock": func(t *testing.T, r *fixture) {
		var sub, wall time.Duration
		r.on("n1", func(*cluster.Host) {
			go func() {
				before := time.Now()
				time.Sleep(2 * time.Second)
				after := time.Now()
				sub, wall = after.Sub(before), after.Round(0).Sub(before.Round(0))
			}()
		})
		r.pass(time.Second)
		heal := r.As("step").ImpairClock("n1", cluster.ClockError{Skew: time.Hour})
		r.pass(2 * time.Second)
		heal()
		assert.Equal(t, 2*time.Second, sub.Round(time.Millisecond))
		assert.Equal(t, time.Hour+2*time.Second, wall.Round(time.Millisecond))
		assert.Positive(t, r.effect("step", "clock readings off"), "readings by package time count")
		var ahead time.Duration
		r.on("n1", func(h *cluster.Host) { ahead = time.Since(h.Clock().Now()) })
		assert.Zero(t, ahead.Round(time.Millisecond), "the heal sets it right")
	},
	"a clock that jumps": func(t *testing.T, r *fixture) {
		var off []time.Duration
		heal := r.ImpairClock("n1", cluster.ClockError{Jump: time.Minute, Every: time.Second})
		r.on("n1", func(h *cluster.Host) {
			go func() {
				first := time.Now()
				for range 5 {
					time.Sleep(time.Second)
					assert.Equal(t, h.Clock().Now().UnixMilli(), time.Now().UnixMilli(), "both clocks are one")
					off = append(off, time.Duration(time.Now().UnixNano()-first.UnixNano())-time.Since(first))
				}
			}()
		})
		r.pass(6 * time.Second)
		heal()
		require.Len(t, off, 5)
		assert.NotEqual(t, off[0], off[1])
	},
	"a clock that is fast": func(t *testing.T, r *fixture) {
		begin, d := r.Now(), diary{r: r}
		heal := r.ImpairClock("n1", cluster.ClockError{Drift: 100_000})
		r.on("n1", func(h *cluster.Host) {
			go func() {
				start := time.Now()
				time.Sleep(11 * time.Second)
				d.note()
				assert.Equal(t, 11*time.Second, time.Since(start).Round(time.Millisecond))
				assert.Equal(t, h.Clock().Now().UnixMilli(), time.Now().UnixMilli())
			}()
			time.AfterFunc(5500*time.Millisecond, d.note)
		})
		r.pass(12 * time.Second)
		heal()
		assert.Equal(t, []time.Duration{5 * time.Second, 10 * time.Second}, d.since(begin))
	},
	"deadlines by a wrong clock": func(t *testing.T, r *fixture) {
		d := diary{r: r}
		heal := r.ImpairClock("n1", cluster.ClockError{Skew: -time.Hour})
		r.on("n2", func(h *cluster.Host) {
			l, err := h.Listen("tcp", ":80")
			require.NoError(t, err)
			go func() {
				c, err := l.Accept()
				assert.NoError(t, err)
				_, _ = c.Read(make([]byte, 1)) // until the other side closes it
				assert.NoError(t, errors.Join(c.Close(), l.Close()))
			}()
		})
		var begin time.Duration
		r.on("n1", func(h *cluster.Host) {
			go func() {
				ctx, cancel := h.WithTimeout(context.Background(), 2*time.Second)
				defer cancel()
				c, err := h.DialContext(ctx, "tcp", "n2:80")
				assert.NoError(t, err)
				end, _ := ctx.Deadline()
				assert.Equal(t, 2*time.Second, time.Until(end).Round(100*time.Millisecond))
				assert.NoError(t, c.SetReadDeadline(end))
				begin = r.Now()
				_, err = c.Read(make([]byte, 1))
				assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
				d.note()
				assert.NoError(t, c.Close())
			}()
		})
		r.pass(5 * time.Second)
		heal()
		require.Len(t, d.entries, 1)
		assert.Equal(t, 2*time.Second, (d.entries[0] - begin).Round(100*time.Millisecond))
	},
	"a crash runs no deferred call": func(t *testing.T, r *fixture) {
		deferred, woke := false, false
		var life *cluster.Host
		r.on("n1", func(h *cluster.Host) {
			life = h
			ctx, cancel := context.WithCancel(context.Background())
			context.AfterFunc(ctx, func() { deferred = true })
			go func() {
				defer cancel()
				defer func() { deferred = true }()
				woke = h.Sleep(time.Minute) != nil
			}()
			go func() {
				defer func() { deferred = true }()
				<-make(chan int)
			}()
		})
		r.Crash("n1")
		r.pass(time.Second)
		r.Restart("n1")
		r.pass(2 * time.Minute)
		assert.False(t, deferred)
		assert.False(t, woke)
		assert.Equal(t, 2, r.boots["n1"])
		assert.ErrorIs(t, life.Sleep(time.Second), cluster.ErrCrashed, "who is no goroutine of the host learns of it")
	},
	"the ctx of Run is not cancelled": func(t *testing.T, r *fixture) {
		before := runtime.NumGoroutine()
		r.Crash("n1")
		r.pass(time.Second)
		assert.Equal(t, before, runtime.NumGoroutine(), "Run did not return")
	},
	"timers of the dead": func(t *testing.T, r *fixture) {
		d := diary{r: r}
		r.on("n1", func(*cluster.Host) {
			time.AfterFunc(time.Second, d.note)
			go func() {
				for range time.Tick(time.Second) {
					d.note()
				}
			}()
		})
		r.pass(500 * time.Millisecond)
		r.Crash("n1")
		r.pass(10 * time.Second)
		assert.Empty(t, d.entries)
	},
	"a crash of a host that is paused": func(t *testing.T, r *fixture) {
		d := diary{r: r}
		r.on("n1", func(*cluster.Host) { go func() { time.Sleep(time.Second); d.note() }() })
		heal := r.Pause("n1")
		r.pass(2 * time.Second)
		r.Crash("n1")
		r.pass(time.Second)
		r.Restart("n1")
		heal()
		r.pass(time.Second)
		assert.Empty(t, d.entries)
		r.on("n1", func(*cluster.Host) { go d.note() })
		assert.Len(t, d.entries, 1, "the next life runs")
	},
	"a mutex that a dead goroutine holds": func(t *testing.T, r *fixture) {
		var global sync.Mutex // as a package variable
		r.on("n1", func(*cluster.Host) { go func() { global.Lock(); defer global.Unlock(); time.Sleep(time.Second) }() })
		r.Crash("n1")
		r.pass(time.Minute)
		assert.False(t, global.TryLock())
	},
	"a goroutine that ends its host": func(t *testing.T, r *fixture) {
		d := diary{r: r}
		r.on("n1", func(h *cluster.Host) {
			go func() {
				h.Exit(errors.New("out of memory"))
				time.Sleep(time.Second)
				d.note()
			}()
		})
		r.pass(time.Minute)
		assert.Empty(t, d.entries)
		assert.False(t, r.Up("n1"))
		r.forgiven = true
		require.Len(t, r.Findings(), 1)
		assert.Contains(t, r.Findings()[0].What, "out of memory")
	},
	"a goroutine of a goroutine, and of a timer": func(t *testing.T, r *fixture) {
		d := diary{r: r}
		work := func() { time.Sleep(time.Hour); d.note() }
		r.on("n1", func(*cluster.Host) {
			go func() { go work() }()
			time.AfterFunc(time.Second, func() { go work() })
		})
		r.pass(2 * time.Second)
		r.Crash("n1")
		r.pass(2 * time.Hour)
		assert.Empty(t, d.entries)
	},
	"a folder that the dead have locked": func(t *testing.T, r *fixture) {
		var open *os.File
		write := func(h *cluster.Host) (*os.File, string) {
			dir, err := h.Dir()
			require.NoError(t, err)
			f, err := os.OpenFile(dir+"/log", os.O_RDWR|os.O_CREATE, 0o600)
			require.NoError(t, err)
			was, err := os.ReadFile(f.Name())
			require.NoError(t, err)
			_, err = f.WriteString("1")
			require.NoError(t, err)
			return f, string(was)
		}
		r.on("n1", func(h *cluster.Host) { open, _ = write(h) })
		r.Crash("n1")
		r.pass(time.Second)
		r.Restart("n1")
		r.pass(time.Second)
		r.on("n1", func(h *cluster.Host) {
			again, was := write(h)
			assert.Equal(t, "1", was)
			a, err := open.Stat()
			require.NoError(t, err)
			b, err := again.Stat()
			require.NoError(t, err)
			assert.False(t, os.SameFile(a, b))
			require.NoError(t, errors.Join(open.Close(), again.Close()))
		})
	},
}

// TestHost shows what happens to the goroutines of a host, under several schedules.
func TestHost(t *testing.T) {
	needRuntime(t)
	for name, test := range hostTests { // order: subtests
		t.Run(name, func(t *testing.T) {
			for i, s := range []schedule.Schedule{schedule.FirstCome(), schedule.Random(2), schedule.Priorities(8)} {
				schedule.Start(uint64(i), s)
				withFixture(t, test)
			}
		})
	}
}

// TestHostMemory has hosts die that wait in every way, again and again: what they had is freed.
func TestHostMemory(t *testing.T) {
	needRuntime(t)
	var before, after runtime.MemStats
	run := func(n int) {
		for i := range n {
			schedule.Start(uint64(i), schedule.Random(4))
			withFixture(t, dieInEveryWay)
		}
	}
	n := tier.Seeds(t, 5, 10)
	run(n)
	goroutines := runtime.NumGoroutine()
	runtime.GC()
	runtime.ReadMemStats(&before)
	run(n)
	runtime.GC()
	runtime.ReadMemStats(&after)
	assert.LessOrEqual(t, runtime.NumGoroutine(), goroutines)
	assert.Less(t, after.HeapAlloc, before.HeapAlloc+1<<20)
	assert.Less(t, after.StackInuse, before.StackInuse+1<<20)
}

// outlives is a lock and a condition of the process, in which the dead of each run wait.
var outlives struct {
	mu   sync.RWMutex
	cond *sync.Cond
	kept any
}

func dieInEveryWay(t *testing.T, r *fixture) {
	outlives.cond = sync.NewCond(new(sync.Mutex))
	never := make(chan int)
	outlives.kept = never // a channel that outlives its bubble
	for _, name := range r.Nodes() {
		r.on(name, func(h *cluster.Host) {
			var mu sync.Mutex
			var wg sync.WaitGroup
			wg.Add(1)
			mu.Lock()
			for _, wait := range []func(){
				mu.Lock, wg.Wait, func() { <-never }, func() { never <- 1 }, func() { time.Sleep(time.Hour) },
				func() { outlives.mu.Lock(); time.Sleep(time.Hour); outlives.mu.Unlock() },
				func() { time.Sleep(time.Millisecond); outlives.mu.RLock() },
				func() { outlives.cond.L.Lock(); outlives.cond.Wait() },
				func() { _ = h.Sleep(time.Hour) },
				func() {
					select {
					case <-never:
					case <-time.After(3 * time.Second): // due while it is paused
					}
				},
				func() { deep(200, func() { select {} }) },
			} {
				go func() {
					ballast := make([]byte, 100<<10)
					wait()
					runtime.KeepAlive(ballast)
				}()
			}
		})
	}
	r.pass(time.Second)
	r.Pause("n1")
	r.pass(4 * time.Second)
	runtime.GC()
	for _, name := range r.Nodes() {
		r.Crash(name)
	}
	r.pass(time.Second)
	outlives.mu = sync.RWMutex{}
}

// deep calls wait with a stack that has grown.
func deep(n int, wait func()) {
	var room [256]byte
	if n == 0 {
		wait()
		return
	}
	deep(n-1, wait)
	runtime.KeepAlive(&room)
}
