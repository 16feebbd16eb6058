package hunt

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capsize-go/capsize/explore"
	"github.com/dgraph-io/ristretto/v2"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/hashicorp/golang-lru/v2/expirable"
	"github.com/jellydator/ttlcache/v3"
	"github.com/maypok86/otter/v2"
)

// each runs n goroutines.
func each(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// removals counts how often each value was removed.
type removals struct {
	mu sync.Mutex
	n  map[int64]int
}

func (r *removals) add(v int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n == nil {
		r.n = map[int64]int{}
	}
	r.n[v]++
}

func TestOtter(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		var gone, atomically removals
		var next atomic.Int64
		var stored removals
		c := otter.Must(&otter.Options[int, int64]{MaximumSize: 4,
			ExpiryCalculator: otter.ExpiryWriting[int, int64](10 * time.Millisecond),
			OnDeletion:       func(e otter.DeletionEvent[int, int64]) { gone.add(e.Value) },
			OnAtomicDeletion: func(e otter.DeletionEvent[int, int64]) { atomically.add(e.Value) },
		})
		load := otter.LoaderFunc[int, int64](func(context.Context, int) (int64, error) {
			if rand.IntN(4) == 0 {
				return 0, errors.New("no")
			}
			if rand.IntN(2) == 0 {
				time.Sleep(time.Millisecond)
			}
			v := next.Add(1)
			stored.add(v)
			return v, nil
		})
		each(4, func(int) {
			for range 6 {
				k := rand.IntN(6)
				switch rand.IntN(8) {
				case 0, 1:
					v := next.Add(1)
					stored.add(v)
					c.Set(k, v)
				case 2:
					c.Invalidate(k)
				case 3:
					v := next.Add(1)
					if _, ok := c.SetIfAbsent(k, v); ok {
						stored.add(v)
					}
				case 4:
					c.Compute(k, func(old int64, found bool) (int64, otter.ComputeOp) {
						v := next.Add(1)
						stored.add(v)
						return v, otter.WriteOp
					})
				case 5:
					time.Sleep(time.Duration(rand.IntN(12)) * time.Millisecond)
				case 6:
					c.GetIfPresent(k)
				default:
					_, _ = c.Get(context.Background(), k, load)
				}
			}
		})
		c.CleanUp()
		if n := c.EstimatedSize(); n > 4 {
			t.Errorf("%d entries", n)
		}
		live := map[int64]bool{}
		for _, v := range c.All() {
			live[v] = true
		}
		c.InvalidateAll()
		c.CleanUp()
		time.Sleep(time.Second)
		c.StopAllGoroutines()
		for v, n := range gone.n {
			if n != 1 || atomically.n[v] != 1 {
				t.Errorf("value %d was removed %d times, and atomically %d times", v, n, atomically.n[v])
			}
		}
		for v := range atomically.n {
			if gone.n[v] != 1 {
				t.Errorf("value %d was removed atomically and %d times otherwise", v, gone.n[v])
			}
		}
		for v := range live {
			if gone.n[v] != 1 {
				t.Errorf("live value %d was removed %d times", v, gone.n[v])
			}
		}
	})
}

// TestOtterOrder has one writer count up, and readers see it count up.
func TestOtterOrder(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		c := otter.Must(&otter.Options[int, int64]{MaximumSize: 100, RefreshCalculator: otter.RefreshWriting[int, int64](time.Hour)})
		defer c.StopAllGoroutines()
		var stored atomic.Int64
		c.Set(1, 0)
		var source atomic.Int64
		load := otter.LoaderFunc[int, int64](func(context.Context, int) (int64, error) { return source.Load(), nil })
		each(4, func(i int) {
			last := int64(-1)
			for n := range int64(5) {
				if i == 0 {
					source.Store(n + 1)
					c.Set(1, n+1)
					stored.Store(n + 1)
					continue
				}
				before := stored.Load()
				switch rand.IntN(4) {
				case 0:
					<-c.Refresh(context.Background(), 1, load)
				default:
					v, ok := c.GetIfPresent(1)
					if !ok || v < last || v < before {
						t.Errorf("read %d %v after %d, stored %d", v, ok, last, before)
					}
					last = v
				}
			}
		})
	})
}

func TestRistretto(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		var exits removals
		var next atomic.Int64
		var accepted removals
		c, err := ristretto.NewCache(&ristretto.Config[int, int64]{NumCounters: 100, MaxCost: 4, BufferItems: 64, IgnoreInternalCost: true,
			OnExit: func(v int64) { exits.add(v) }})
		if err != nil {
			t.Fatal(err)
		}
		each(3, func(int) {
			for range 5 {
				k := rand.IntN(5)
				switch rand.IntN(6) {
				case 0:
					c.Del(k)
				case 1:
					c.Get(k)
				case 2:
					c.Wait()
				case 3:
					v := next.Add(1)
					if c.SetWithTTL(k, v, 1, time.Second) {
						accepted.add(v)
					}
				default:
					v := next.Add(1)
					if c.Set(k, v, 1) {
						accepted.add(v)
					}
				}
			}
		})
		c.Wait()
		var live []int64
		c.IterValues(func(v int64) bool { live = append(live, v); return false })
		if len(live) > 4 {
			t.Errorf("%d values of cost 1, MaxCost 4", len(live))
		}
		c.Close()
		for v, n := range exits.n {
			if n > 1 && v != 0 /* which stands for no value */ {
				t.Errorf("OnExit %d times for %d", n, v)
			}
		}
		for _, v := range live {
			if exits.n[v] != 1 {
				t.Errorf("OnExit %d times for %d, which was there at the end", exits.n[v], v)
			}
		}
		for v := range accepted.n {
			if exits.n[v] == 0 {
				t.Errorf("no OnExit for %d, which was accepted", v)
			}
		}
	})
}

func TestRistrettoDel(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		c, err := ristretto.NewCache(&ristretto.Config[int, int64]{NumCounters: 100, MaxCost: 100, BufferItems: 64})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		each(3, func(k int) {
			for range 3 {
				if c.Set(k, 1, 1) && rand.IntN(2) == 0 {
					c.Wait()
				}
				c.Del(k)
				c.Wait()
				if _, ok := c.Get(k); ok {
					t.Error("there after Del")
				}
			}
		})
	})
}

func TestLRU(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		var gone removals
		var next atomic.Int64
		c, _ := lru.NewWithEvict(3, func(_ int, v int64) { gone.add(v) })
		each(4, func(int) {
			for range 6 {
				k := rand.IntN(5)
				switch rand.IntN(7) {
				case 0:
					c.Get(k)
				case 1:
					c.Remove(k)
				case 2:
					c.RemoveOldest()
				case 3:
					c.PeekOrAdd(k, next.Add(1))
				case 4:
					c.ContainsOrAdd(k, next.Add(1))
				default:
					c.Add(k, next.Add(1))
				}
				if c.Len() > 3 {
					t.Error("too large")
				}
			}
		})
		live := c.Values()
		c.Purge()
		for v, n := range gone.n {
			if n != 1 {
				t.Errorf("%d evicted %d times", v, n)
			}
		}
		for _, v := range live {
			if gone.n[v] != 1 {
				t.Errorf("live %d evicted %d times", v, gone.n[v])
			}
		}
	})
}

func TestExpirable(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		var gone removals
		var next atomic.Int64
		c := expirable.NewLRU(3, func(_ int, v int64) { gone.add(v) }, 0)
		each(4, func(int) {
			for range 6 {
				k := rand.IntN(5)
				switch rand.IntN(6) {
				case 0:
					c.Get(k)
				case 1:
					c.Remove(k)
				case 2:
					c.RemoveOldest()
				case 3:
					c.Keys()
				default:
					c.Add(k, next.Add(1))
				}
				if c.Len() > 3 {
					t.Error("too large")
				}
			}
		})
		for v, n := range gone.n {
			if n != 1 {
				t.Errorf("%d evicted %d times", v, n)
			}
		}
	})
}

func TestTTLCache(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		var gone removals
		var next atomic.Int64
		var loading [4]atomic.Int64
		c := ttlcache.New(ttlcache.WithTTL[int, int64](5*time.Millisecond), ttlcache.WithCapacity[int, int64](3))
		load := ttlcache.NewSuppressedLoader(ttlcache.LoaderFunc[int, int64](func(c *ttlcache.Cache[int, int64], k int) *ttlcache.Item[int, int64] {
			if loading[k].Add(1) > 1 {
				t.Error("two loads at a time")
			}
			defer loading[k].Add(-1)
			if rand.IntN(2) == 0 {
				time.Sleep(time.Millisecond)
			}
			return c.Set(k, next.Add(1), ttlcache.DefaultTTL)
		}), nil)
		c.OnEviction(func(_ context.Context, _ ttlcache.EvictionReason, i *ttlcache.Item[int, int64]) { gone.add(i.Value()) })
		var started sync.WaitGroup
		started.Go(c.Start)
		each(3, func(int) {
			for range 6 {
				k := rand.IntN(4)
				switch rand.IntN(7) {
				case 0:
					if i := c.Get(k); i != nil && i.IsExpired() {
						t.Error("expired")
					}
				case 1:
					c.Delete(k)
				case 2:
					c.GetOrSet(k, next.Add(1))
				case 3:
					time.Sleep(time.Duration(rand.IntN(7)) * time.Millisecond)
				case 4:
					c.Touch(k)
				case 5:
					c.Get(k, ttlcache.WithLoader[int, int64](load))
				default:
					c.Set(k, next.Add(1), ttlcache.DefaultTTL)
				}
				if c.Len() > 3 {
					t.Error("too large")
				}
			}
		})
		time.Sleep(time.Second)
		if n := c.Len(); n != 0 {
			t.Errorf("%d after all expired", n)
		}
		c.Stop()
		started.Wait()
		time.Sleep(time.Second)
		for v, n := range gone.n {
			if n != 1 {
				t.Errorf("%d evicted %d times", v, n)
			}
		}
	})
}
