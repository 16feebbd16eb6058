// Package hunt uses libraries from several goroutines and asserts what they promise. It is for capsize test; see ../README.md for
// what it has found.
package hunt

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capsize-go/capsize/explore"
	"github.com/jackc/puddle/v2"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
)

func TestSingleflight(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		var g singleflight.Group
		var running, calls atomic.Int64
		var wg sync.WaitGroup
		load := func() (any, error) {
			if running.Add(1) > 1 {
				t.Error("two at a time")
			}
			n := calls.Add(1)
			if rand.IntN(2) == 0 {
				time.Sleep(time.Millisecond)
			}
			running.Add(-1)
			return n, nil
		}
		for range 4 {
			wg.Go(func() {
				for range 3 {
					before := calls.Load()
					var v any
					if rand.IntN(2) == 0 {
						v, _, _ = g.Do("a", load)
					} else {
						v = (<-g.DoChan("a", load)).Val
					}
					if v.(int64) < before {
						t.Errorf("got %v, begun before call %d", v, before)
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestErrgroup(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		g, ctx := errgroup.WithContext(context.Background())
		g.SetLimit(2)
		var active atomic.Int64
		first := errors.New("first")
		for i := range 6 {
			f := func() error {
				if active.Add(1) > 2 {
					t.Error("more than the limit")
				}
				defer active.Add(-1)
				if i == 3 {
					return first
				}
				select {
				case <-ctx.Done():
				case <-time.After(time.Duration(rand.IntN(3)) * time.Millisecond):
				}
				return nil
			}
			if i%2 == 0 {
				g.TryGo(f)
			} else {
				g.Go(f)
			}
		}
		if err := g.Wait(); err != first || ctx.Err() == nil || context.Cause(ctx) != first {
			t.Errorf("%v %v", err, context.Cause(ctx))
		}
	})
}

func TestSemaphore(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		const size = 3
		s := semaphore.NewWeighted(size)
		var held atomic.Int64
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				for range 3 {
					n := int64(1 + rand.IntN(3))
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+rand.IntN(3))*time.Millisecond)
					if s.Acquire(ctx, n) == nil {
						if held.Add(n) > size {
							t.Error("more than there are")
						}
						if rand.IntN(2) == 0 {
							time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
						}
						held.Add(-n)
						s.Release(n)
					}
					cancel()
				}
			})
		}
		wg.Wait()
		if !s.TryAcquire(size) {
			t.Error("some were lost")
		}
	})
}

func TestPuddle(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		const most = 2
		var open, made atomic.Int64
		p, err := puddle.NewPool(&puddle.Config[*atomic.Int64]{
			MaxSize: most,
			Constructor: func(ctx context.Context) (*atomic.Int64, error) {
				if open.Add(1) > most {
					t.Error("more than MaxSize are open")
				}
				if rand.IntN(3) == 0 {
					time.Sleep(time.Millisecond)
				}
				if rand.IntN(5) == 0 || ctx.Err() != nil {
					open.Add(-1)
					return nil, errors.New("not now")
				}
				made.Add(1)
				return new(atomic.Int64), nil
			},
			Destructor: func(*atomic.Int64) { open.Add(-1) },
		})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 3 {
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(4))*time.Millisecond)
					var r *puddle.Resource[*atomic.Int64]
					var err error
					switch rand.IntN(6) {
					case 0:
						r, err = p.TryAcquire(ctx)
					case 1:
						for _, r := range p.AcquireAllIdle() {
							if r.Value().Add(1) != 1 {
								t.Error("held twice")
							}
							r.Value().Add(-1)
							r.ReleaseUnused()
						}
						err = errors.New("-")
					case 2:
						err = p.CreateResource(ctx)
						if err == nil {
							err = errors.New("-")
						}
					default:
						r, err = p.Acquire(ctx)
					}
					if err == nil {
						if r.Value().Add(1) != 1 {
							t.Error("held twice")
						}
						if rand.IntN(2) == 0 {
							time.Sleep(time.Millisecond)
						}
						r.Value().Add(-1)
						switch rand.IntN(4) {
						case 0:
							r.Destroy()
						default:
							r.Release()
						}
					}
					cancel()
				}
			})
		}
		wg.Wait()
		time.Sleep(time.Second)
		s := p.Stat()
		if s.AcquiredResources() != 0 || s.ConstructingResources() != 0 || int64(s.IdleResources()) != open.Load() || s.TotalResources() != s.IdleResources() {
			t.Errorf("acquired %d, constructing %d, idle %d, total %d, open %d", s.AcquiredResources(), s.ConstructingResources(), s.IdleResources(), s.TotalResources(), open.Load())
		}
		// all places can be had again
		var all []*puddle.Resource[*atomic.Int64]
		for len(all) < most {
			if r, err := p.Acquire(context.Background()); err == nil {
				all = append(all, r)
			}
		}
		for _, r := range all {
			r.Release()
		}
		p.Close()
		if open.Load() != 0 {
			t.Error("open after Close")
		}
	})
}

func TestPuddleClose(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		var open atomic.Int64
		p, _ := puddle.NewPool(&puddle.Config[int]{
			MaxSize: 2,
			Constructor: func(ctx context.Context) (int, error) {
				open.Add(1)
				if rand.IntN(2) == 0 {
					time.Sleep(time.Millisecond)
				}
				return 1, nil
			},
			Destructor: func(int) { open.Add(-1) },
		})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for range 2 {
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+rand.IntN(2))*time.Millisecond)
					if r, err := p.Acquire(ctx); err == nil {
						r.Release()
					}
					cancel()
				}
			})
		}
		wg.Go(p.Close)
		wg.Wait()
		time.Sleep(time.Second)
		if n := open.Load(); n != 0 {
			t.Errorf("%d are open after Close", n)
		}
	})
}

func TestGobreaker(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		const most = 2
		var half atomic.Int64
		var mu sync.Mutex
		var changes []string
		b := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{MaxRequests: most, Timeout: time.Second,
			ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= 2 },
			OnStateChange: func(_ string, from, to gobreaker.State) {
				mu.Lock()
				changes = append(changes, fmt.Sprint(from, to))
				mu.Unlock()
			}})
		fail := errors.New("fail")
		for range 2 {
			_, _ = b.Execute(func() (int, error) { return 0, fail })
		}
		time.Sleep(1100 * time.Millisecond)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				_, err := b.Execute(func() (int, error) {
					if half.Add(1) > most {
						t.Error("more than MaxRequests while half open")
					}
					time.Sleep(time.Millisecond)
					half.Add(-1)
					return 0, nil
				})
				_ = err
			})
		}
		wg.Wait()
		if b.State() != gobreaker.StateClosed {
			t.Errorf("state %v", b.State())
		}
		c := b.Counts()
		if c.Requests != c.TotalSuccesses+c.TotalFailures {
			t.Errorf("%+v", c)
		}
		mu.Lock()
		if fmt.Sprint(changes) != "[closed open open half-open half-open closed]" {
			t.Error(changes)
		}
		mu.Unlock()
	})
}
