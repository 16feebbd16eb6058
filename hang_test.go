package capsize_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/workloads"
)

// A store takes a lock over what lets virtual time pass, as a write-ahead log does.
type lockedStore struct {
	mu sync.Mutex
	h  *cluster.Host
}

func (s *lockedStore) append() {
	s.mu.Lock() // append takes it
	defer s.mu.Unlock()
	_ = s.h.Sleep(10 * time.Millisecond) // append waits
}

// lockHolding answers every message from a goroutine of its own that does as work says:
// started by the handler, or by Run.
func lockHolding(handler bool, work func(*lockedStore)) cluster.Func {
	return func(ctx context.Context, h *cluster.Host) error {
		s := &lockedStore{h: h}
		queue := make(chan cluster.Message, 1000)
		serve := func(m cluster.Message) {
			work(s)
			m.Reply(m.Body)
		}
		h.Handle(func(m cluster.Message) {
			if handler {
				go serve(m)
			} else {
				queue <- m
			}
		})
		for {
			select {
			case m := <-queue:
				go serve(m)
			case <-ctx.Done():
				return nil
			}
		}
	}
}

func runHanging(t *testing.T, s cluster.System) *capsize.Result {
	t.Helper()
	r, err := capsize.Exec(t.Context(), t, capsize.Test{
		System: s, Workload: workloads.New(echoes()), Nodes: 1, Clients: 8, Duration: 5 * time.Second,
		Stall: time.Hour, Seed: 1, // nothing below waits for wall time
	})
	require.NoError(t, err)
	assert.Equal(t, checker.Invalid, r.Verdict)
	return r
}

func TestLockOverSleep(t *testing.T) {
	skipIfLocksLetTimePass(t)
	takes, waits := markedLine(t, "append takes it"), markedLine(t, "append waits")
	for name, handler := range map[string]bool{"from the handler": true, "from Run": false} {
		t.Run(name, func(t *testing.T) {
			r := runHanging(t, lockHolding(handler, (*lockedStore).append))
			f := finding(t, r)
			assert.Len(t, r.Findings, 1)
			assert.Equal(t, "n1", f.Host)
			assert.Contains(t, f.What, fmt.Sprintf("hangs: (*lockedStore).append waits at hang_test.go:%d for sync.Mutex s.mu", takes))
			assert.Contains(t, f.What, fmt.Sprintf("which is held by a goroutine that took it in (*lockedStore).append at hang_test.go:%d "+
				"and waits now in cluster.(*Host).Sleep, called at hang_test.go:%d;", takes, waits))
			assert.Contains(t, f.What, "docs/reference/determinism.md#locks")
			assert.Contains(t, f.Stack, "(*lockedStore).append")
			assert.Contains(t, f.Stack, "the holder, goroutine ")
			assert.Contains(t, f.Stack, "cluster.(*Host).Sleep")
			assert.ErrorContains(t, r.Stopped, "virtual time can't pass")
		})
	}
}

func skipIfLocksLetTimePass(t *testing.T) {
	t.Helper()
	if schedule.Active() {
		t.Skip("with a deterministic runtime virtual time passes while a goroutine waits for a lock, so this comes to its end")
	}
}

// markedLine returns the line of this file that ends with a comment.
func markedLine(t *testing.T, mark string) int {
	t.Helper()
	b, err := os.ReadFile("hang_test.go")
	require.NoError(t, err)
	before, _, ok := strings.Cut(string(b), "// "+mark+"\n")
	require.True(t, ok, mark)
	return 1 + strings.Count(before, "\n")
}

// TestLocksThatHang has each kind of lock held over a wait.
func TestLocksThatHang(t *testing.T) {
	for name, c := range map[string]struct {
		work func() func(*lockedStore)
		want string
		ends bool // where a wait for a lock lets virtual time pass
	}{
		"an RWMutex, read by another": {func() func(*lockedStore) {
			var rw sync.RWMutex
			reader := true // the first goroutine reads, all others write
			return func(s *lockedStore) {
				if reader {
					reader = false
					rw.RLock()
					_ = s.h.Sleep(time.Second)
					rw.RUnlock()
					return
				}
				rw.Lock()
				defer rw.Unlock()
			}
		}, "for sync.RWMutex rw, which is held by a goroutine", true},
		"a Once": {func() func(*lockedStore) {
			var once sync.Once
			return func(s *lockedStore) { once.Do(func() { _ = s.h.Sleep(time.Second) }) }
		}, "for sync.Once once, which is held by a goroutine", true},
		"two in two orders": {func() func(*lockedStore) {
			var a, b sync.Mutex
			n := 0
			return func(s *lockedStore) {
				if n++; n%2 == 0 {
					a.Lock()
					runtime.Gosched()
					b.Lock()
				} else {
					b.Lock()
					_ = s.h.Sleep(20 * time.Millisecond)
					a.Lock()
				}
			}
		}, "hangs: ", false},
		"a channel from outside": {func() func(*lockedStore) {
			outside := make(chan int)
			return func(*lockedStore) { <-outside }
		}, "for a channel that was made outside of the run", false},
	} {
		t.Run(name, func(t *testing.T) {
			if c.ends {
				skipIfLocksLetTimePass(t)
			}
			f := finding(t, runHanging(t, lockHolding(true, c.work())))
			assert.Equal(t, "n1", f.Host)
			assert.Contains(t, f.What, c.want)
			assert.Contains(t, f.Stack, "TestLocksThatHang")
		})
	}
}

// TestHandlersGoroutines has the goroutines that a handler or a timer starts misbehave:
// they belong to the host.
func TestHandlersGoroutines(t *testing.T) {
	f := finding(t, runHanging(t, lockHolding(true, func(*lockedStore) { leak() })))
	assert.Equal(t, "n1", f.Host)
	assert.Regexp(t, `^left [2-9]\d* goroutine\(s\) behind`, f.What, "those that are alike are one finding")
	assert.Contains(t, f.Stack, "capsize_test.leak")

	f = finding(t, run(t, echo{boot: func(_ context.Context, h *cluster.Host) {
		if h.Name() == "n2" {
			h.AfterFunc(time.Second, func() { go leak() })
		}
	}}, nil))
	assert.Equal(t, "n2", f.Host)
	assert.Contains(t, f.What, "left 1 goroutine(s) behind")

	f = finding(t, run(t, echo{boot: func(_ context.Context, h *cluster.Host) {
		if h.Name() == "n3" {
			h.AfterFunc(time.Second, func() { panic("late") })
		}
	}}, nil))
	assert.Equal(t, "n3: panic: late", f.String())
}

// hostHangs is what goroutines of a host do with locks.
var hostHangs = map[string]struct {
	work func() func(*lockedStore)
	want string // a pattern; empty: it is no hang
}{
	"two in two orders": {func() func(*lockedStore) {
		var a, b sync.Mutex
		n := 0
		return func(*lockedStore) {
			if n++; n%2 == 0 {
				a.Lock()
				time.Sleep(time.Second)
				b.Lock()
				defer b.Unlock()
				a.Unlock()
			} else {
				b.Lock()
				time.Sleep(time.Second)
				a.Lock()
				defer a.Unlock()
				b.Unlock()
			}
		}
	}, "which is held by a goroutine that took it in"},
	"twice": {func() func(*lockedStore) {
		return func(s *lockedStore) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.append()
		}
	}, `for sync\.Mutex s\.mu, as \d+ more goroutine\(s\) do, which is held by this very goroutine`},
	"a read lock that becomes a write lock": {func() func(*lockedStore) {
		var rw sync.RWMutex
		return func(*lockedStore) {
			rw.RLock()
			time.Sleep(time.Second)
			rw.Lock()
			defer rw.Unlock()
			defer rw.RUnlock()
		}
	}, "for sync.RWMutex rw"},
	"a return without an unlock": {func() func(*lockedStore) {
		return func(s *lockedStore) { s.mu.Lock() }
	}, `for sync\.Mutex s\.mu, as \d+ more goroutine\(s\) do, whose holder has ended without releasing it`},
	"a long wait": {func() func(*lockedStore) {
		return func(s *lockedStore) {
			s.mu.Lock()
			defer s.mu.Unlock()
			time.Sleep(3 * time.Second)
		}
	}, ""},
	"a lock that another goroutine releases": {func() func(*lockedStore) {
		return func(s *lockedStore) {
			s.mu.Lock()
			go func() {
				defer s.mu.Unlock()
				time.Sleep(3 * time.Second)
			}()
		}
	}, ""},
}

// TestHostHangs has goroutines wait for a lock for good while the rest of the host goes on, as only a deterministic runtime lets it.
// The finding distinguishes each from a wait that is only long.
func TestHostHangs(t *testing.T) {
	if !schedule.Active() {
		t.Skip("needs the deterministic runtime: run it with capsize test")
	}
	for name, c := range hostHangs {
		t.Run(name, func(t *testing.T) {
			r, err := capsize.Exec(t.Context(), t, capsize.Test{
				System: lockHolding(true, c.work()), Workload: workloads.New(echoes()), Nodes: 1, Clients: 8, Duration: 20 * time.Second, Seed: 1,
			})
			require.NoError(t, err)
			if c.want == "" {
				for _, f := range r.Findings {
					assert.NotEqual(t, cluster.Hung, f.Kind, f.What)
				}
				assert.NoError(t, r.Stopped)
				return
			}
			require.NotEmpty(t, r.Findings)
			f := r.Findings[0]
			assert.Equal(t, cluster.Hung, f.Kind)
			assert.Equal(t, "n1", f.Host)
			assert.Regexp(t, c.want, f.What)
			assert.Contains(t, f.What, "this lock is never released")
			assert.ErrorContains(t, r.Stopped, "a lock is never released")
			assert.Less(t, r.Virtual, 10*time.Second, "it is seen before the run ends")
		})
	}
}

// TestHostWithoutLabels has a goroutine that has cleared its labels stay behind: the runtime knows whose it is.
func TestHostWithoutLabels(t *testing.T) {
	if !schedule.Active() {
		t.Skip("needs the deterministic runtime: run it with capsize test")
	}
	f := finding(t, runHanging(t, lockHolding(true, func(*lockedStore) {
		pprof.SetGoroutineLabels(context.Background())
		leak()
	})))
	assert.Equal(t, "n1", f.Host)
	assert.Contains(t, f.What, "goroutine(s) behind")
}
