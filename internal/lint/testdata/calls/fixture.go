// Package fixture holds calls that are banned.
package fixture

import (
	"context"
	"crypto/rand"
	random "math/rand"
	"time"
)

var began = time.Now()

// A Source is a type, which is no call.
type Source random.Source

func draws() int { return random.Intn(6) }

func secret() {
	_, _ = rand.Read(nil)
}

func limits(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return context.WithTimeout(ctx, time.Second)
}

type loop struct{}

func (l *loop) wait() func(time.Duration) { return time.Sleep }
