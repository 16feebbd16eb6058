// Package cluster waits where it may.
package cluster

import (
	"math/rand/v2"
	"time"
)

type loop[T any] struct{ draw *rand.Rand }

func (l *loop[T]) wait() { time.Sleep(time.Second) }

func (l *loop[T]) sleep() { time.Sleep(time.Second) }

func (l *loop[T]) rest() time.Duration { return time.Duration(l.draw.IntN(5)) }
