package torture_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/schedule"
)

// seats sells the last seat twice if a goroutine is stopped between its look and its sale.
func seats() (sold int) {
	var mu sync.Mutex
	free := 1
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			mu.Lock()
			is := free > 0
			mu.Unlock()
			if is {
				mu.Lock()
				free--
				sold++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return sold
}

// lost counts to two, or to one if a goroutine is stopped between its load and its store.
func lost() int {
	var n atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { n.Store(n.Load() + 1) })
	}
	wg.Wait()
	return int(n.Load())
}

// TestPoints stops goroutines between two statements: where a mutex is locked, and where an atomic is read. A schedule without
// points stops none.
func TestPoints(t *testing.T) {
	needsRuntime(t)
	for _, c := range []struct {
		name string
		run  func() int
		good int
	}{{"mutex", seats, 1}, {"atomic", lost, 2}} {
		for _, s := range []schedule.Schedule{schedule.Random(2), schedule.Random(4), schedule.Priorities(4)} {
			if n := seedsUntil(t, s, 200, func() bool { return c.run() != c.good }); n == 0 {
				t.Errorf("%s: %v does not show the bug in 200 seeds", c.name, s)
			}
		}
		if n := seedsUntil(t, schedule.Random(0), 50, func() bool { return c.run() != c.good }); n != 0 {
			t.Errorf("%s: seed %d stops a goroutine where there is no point", c.name, n)
		}
	}
}

// seedsUntil returns the first seed that shows a bug; 0: none does.
func seedsUntil(t *testing.T, s schedule.Schedule, most uint64, shows func() bool) (seed uint64) {
	t.Helper()
	for seed = 1; seed <= most; seed++ {
		shown := false
		schedule.Start(seed, s)
		synctest.Test(t, func(*testing.T) { shown = shows() })
		if shown {
			return seed
		}
	}
	return 0
}

// TestDecisions reads what the scheduler decided: each is one of those that were ready.
func TestDecisions(t *testing.T) {
	needsRuntime(t)
	schedule.Start(1, schedule.Random(4))
	var d *schedule.Trace
	synctest.Test(t, func(*testing.T) {
		seats()
		time.Sleep(time.Second)
		d = schedule.Recorded()
	})
	if d.Len() == 0 || uint64(d.Len()) != d.Steps || d.Points == 0 {
		t.Fatalf("%d decisions of %d, %d points", d.Len(), d.Steps, d.Points)
	}
	several := 0
	for i := range d.Len() {
		x := d.At(i)
		if x.Choice >= x.Ready || x.Goroutine == 0 && x.Started == "" {
			t.Errorf("decision %d: %v", i+1, x)
		}
		if x.Ready > 1 {
			several++
		}
	}
	if several == 0 {
		t.Error("there was never a choice")
	}
}

// TestNetwork uses the network and pipes of the machine in a bubble. Their answers come when they come, so no more is asked than
// that they come, and that no time passes meanwhile.
func TestNetwork(t *testing.T) {
	needsRuntime(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip("no loopback: ", err)
	}
	_ = l.Close()
	for i, order := range []schedule.Schedule{schedule.FirstCome(), schedule.Random(1), schedule.Random(4), schedule.Priorities(32)} {
		schedule.Start(uint64(i), order)
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() { talk(t) })
				wg.Go(func() { pass(t) })
			}
			go func() { time.Sleep(time.Hour) }()
			wg.Wait()
			if d := time.Since(began); d != 0 {
				t.Errorf("%v passed", d)
			}
			time.Sleep(2 * time.Hour)
		})
	}
}

// talk echoes over loopback.
func talk(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = l.Close() }()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.Copy(c, c)
		_ = c.Close()
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = c.Close() }()
	for i := range 20 {
		want, got := fmt.Appendf(nil, "message %02d", i), make([]byte, 10)
		if _, err := c.Write(want); err != nil {
			t.Error(err)
		}
		if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(want, got) {
			t.Errorf("%q and not %q: %v", got, want, err)
		}
	}
}

// pass sends bytes through a pipe of the machine, one after another.
func pass(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Error(err)
		return
	}
	go func() {
		for i := range 50 {
			_, _ = w.Write([]byte{byte(i)})
		}
		_ = w.Close()
	}()
	b, err := io.ReadAll(r)
	if err != nil || len(b) != 50 {
		t.Errorf("%d bytes: %v", len(b), err)
	}
	_ = r.Close()
}

// TestNames looks up names in a bubble: no resolver is asked, and no time passes.
func TestNames(t *testing.T) {
	needsRuntime(t)
	schedule.Start(1, schedule.Random(4))
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := &net.Resolver{PreferGo: true, Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			t.Errorf("%s is asked", address)
			return nil, errors.New("no way")
		}}
		addrs, err := r.LookupIPAddr(t.Context(), "localhost")
		if err != nil || len(addrs) != 1 || addrs[0].String() != "127.0.0.1" {
			t.Errorf("localhost is %v: %v", addrs, err)
		}
		var none *net.DNSError
		if _, err := r.LookupHost(t.Context(), "name.example"); !errors.As(err, &none) || !none.IsNotFound {
			t.Errorf("name.example: %v", err)
		}
		if _, err := r.LookupTXT(t.Context(), "name.example"); err == nil {
			t.Error("name.example has a text")
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("%v passed", d)
		}
	})
}
