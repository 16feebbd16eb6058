package checker

import (
	"context"
	"time"
)

// headStart is how long one algorithm works alone, before a second one begins.
const headStart = 100 * time.Millisecond

// race lets two algorithms work, the second one only if the first takes long, and
// takes the first answer. If there is none, it says why the first gave up.
func race(ctx context.Context, first, second func(context.Context) (bool, error)) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		ok  bool
		err error
	}
	run := func(f func(context.Context) (bool, error)) chan answer {
		c := make(chan answer, 1)
		go func() {
			ok, err := f(ctx)
			c <- answer{ok, err}
		}()
		return c
	}
	a := run(first)
	select {
	case got := <-a:
		if got.err == nil {
			return got.ok, nil
		}
		a <- got
	case <-time.After(headStart):
	}
	b := run(second)
	var why error
	for range 2 {
		select {
		case got := <-a:
			if got.err == nil {
				return got.ok, nil
			}
			why = got.err
		case got := <-b:
			if got.err == nil {
				return got.ok, nil
			}
		}
	}
	return false, why
}
