package cluster_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

func TestPause(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		n1, n2 := r.host("n1"), r.host("n2")
		var ticks []time.Duration
		n2.AfterFunc(50*time.Millisecond, func() { ticks = append(ticks, r.Now()) })
		heal := r.As("it").Pause("n2")
		n1.Send("n2", "one")
		r.pass(30 * time.Millisecond)
		n1.Send("n2", "two")
		n2.Send("n1", "from within")
		r.pass(time.Second)
		assert.Empty(t, r.took())
		assert.Empty(t, ticks)
		assert.Equal(t, 3, r.effect("it", "events held"))
		before := n2.Clock().Now()
		healed := r.Now()
		heal()
		r.pass(30 * time.Millisecond)
		assert.Equal(t, 30*time.Millisecond, n2.Clock().Since(before).Round(time.Millisecond), "the clock runs during a pause")
		var bodies []any
		for _, a := range r.took() {
			bodies = append(bodies, a.body)
			assert.Less(t, a.at-healed, 25*time.Millisecond)
		}
		assert.ElementsMatch(t, []any{"one", "two", "from within"}, bodies)
		require.Len(t, ticks, 1)
		r.healthy()
	})
}

func TestPausesAddUp(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		heal1, heal2 := r.As("a").Pause("n2"), r.As("a").Pause("n2")
		r.host("n1").Send("n2", "hello")
		heal1()
		r.pass(100 * time.Millisecond)
		assert.Empty(t, r.took())
		heal2()
		r.pass(100 * time.Millisecond)
		assert.Len(t, r.took(), 1)
	})
}

func TestPauseThenCrash(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		heal := r.Pause("n2")
		r.host("n1").Send("n2", "to the life that ends")
		r.host("n2").Send("n1", "never sent")
		r.pass(100 * time.Millisecond)
		r.Crash("n2")
		r.pass(time.Millisecond)
		r.Restart("n2")
		r.pass(100 * time.Millisecond)
		assert.Empty(t, r.took())
		heal()
		r.healthy()
	})
}

func TestDrag(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		heal := r.As("it").SlowHost("n2", 50*time.Millisecond)
		for range 10 {
			r.host("n1").Send("n2", "work")
			r.pass(time.Millisecond)
		}
		r.pass(time.Second)
		got := r.took()
		require.Len(t, got, 10)
		assert.InDelta(t, 450*time.Millisecond, got[9].at-got[0].at, float64(time.Millisecond))
		assert.Equal(t, 10, r.effect("it", "events slowed"))
		heal()
		r.healthy()
	})
}

// The peers of a host that vanished get no resets; those of one that crashed do.
func TestVanish(t *testing.T) {
	for _, silent := range []bool{true, false} {
		withFixture(t, func(t *testing.T, r *fixture) {
			l, err := r.host("n2").Listen("tcp", ":1")
			require.NoError(t, err)
			defer l.Close()
			conn, err := r.host("n1").DialContext(t.Context(), "tcp", "n2:1")
			require.NoError(t, err)
			r.pass(50 * time.Millisecond)
			if silent {
				r.As("it").Vanish("n2")
			} else {
				r.As("it").Crash("n2")
			}
			r.pass(time.Millisecond)
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Second)))
			_, err = conn.Read(make([]byte, 1))
			if silent {
				require.ErrorContains(t, err, "timeout")
			} else {
				require.ErrorContains(t, err, "reset")
			}
			assert.Equal(t, 1, r.effect("it", "hosts crashed"))
			r.Restart("n2")
			r.pass(time.Millisecond)
			r.healthy()
		})
	}
}

func TestCrashTellsWhatWasUnheard(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		r.As("it").Crash("n2")
		r.pass(time.Millisecond)
		r.host("n1").Send("n2", "hello")
		r.pass(time.Second)
		assert.Equal(t, 1, r.effect("it", "messages to hosts that were down"))
	})
}

func TestHealUndoesAll(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		late := []func(){
			r.Impair("n1", "n2", cluster.Impairment{Cut: true}), r.Pause("n2"), r.SlowHost("n2", time.Second),
			r.ImpairClock("n1", cluster.ClockError{Skew: time.Hour, Drift: 1e5}),
			r.ImpairDisk("n1", cluster.DiskImpairment{Fail: 1, Lie: true}), r.CrashInWrite("n1"),
		}
		r.Crash("n3")
		r.pass(time.Second)
		r.Heal()
		for _, heal := range late {
			heal()
		}
		r.pass(time.Millisecond)
		r.healthy()
		assert.True(t, r.Up("n3"))
		assert.WithinDuration(t, r.host("n2").Clock().Now(), r.host("n1").Clock().Now(), 0)
		f, err := r.host("n1").Disk().Open("f")
		require.NoError(t, err)
		_, err = f.Write([]byte("x"))
		require.NoError(t, err)
		require.NoError(t, f.Sync())
	})
}

func TestAwait(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		var wrote, noticed time.Duration
		r.host("n1").AfterFunc(100*time.Millisecond, func() {
			f, err := r.host("n1").Disk().Open("f")
			assert.NoError(t, err)
			_, err = f.Write([]byte("x"))
			assert.NoError(t, err)
			wrote = r.Now()
		})
		require.NoError(t, r.Await(t.Context(), cluster.UnsyncedWrite))
		noticed = r.Now()
		assert.Equal(t, wrote+1, noticed)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, r.Await(ctx, cluster.LeaderChange), context.Canceled)
		r.host("n1").AfterFunc(time.Second, func() { r.host("n1").SetRole("leader") })
		r.host("n2").AfterFunc(2*time.Second, func() { r.host("n2").SetRole("leader") })
		require.NoError(t, r.Await(t.Context(), cluster.LeaderChange))
		assert.Equal(t, "leader", r.Role("n2"))
	})
}

// TestHandlersStartGoroutines has messages of one instant each start a goroutine: each runs until it is blocked before
// the next message comes.
func TestHandlersStartGoroutines(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		var mu sync.Mutex
		var got, want []int
		for i := range 50 {
			want = append(want, i)
			r.host("n1").Send("n2", func(*cluster.Host) {
				go func() {
					runtime.Gosched()
					mu.Lock()
					defer mu.Unlock()
					got = append(got, i)
				}()
			})
		}
		r.pass(time.Second)
		mu.Lock()
		defer mu.Unlock()
		assert.Equal(t, want, got)
	})
}

// A client can be paused and have a wrong clock, as a node can. A call that is under way
// stays pending until it is resumed.
func TestPauseOfAClient(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		h := r.Client(0)
		var ended time.Duration
		var answered bool
		heal := r.As("it").Pause("c0")
		go func() {
			ctx, cancel := h.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := h.Call(ctx, "n1", "x")
			ended, answered = r.Now(), err == nil
		}()
		r.pass(5 * time.Second)
		assert.Zero(t, ended)
		assert.Equal(t, 5*time.Second, r.Paused("c0").Round(time.Millisecond))
		heal()
		r.pass(time.Second)
		assert.InDelta(t, 5, ended.Seconds(), 0.1)
		assert.False(t, answered, "its deadline came first")
		assert.Equal(t, 5*time.Second, r.Paused("c0").Round(time.Millisecond))
		assert.Positive(t, r.effect("it", "events held"))

		heal = r.As("clock").ImpairClock("c0", cluster.ClockError{Skew: time.Hour})
		assert.InDelta(t, time.Hour.Seconds(), h.Clock().Since(time.Now()).Seconds(), 0.1)
		heal()
		assert.Equal(t, []string{"c0"}, r.Clients())
	})
}
