package balance

import (
	"context"
	"errors"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// The ways in which a fault can have a backend or the dependency fail while it is up: see [cluster.Cluster.Degrade]. In all of them [Shallow] answers as ever.
const (
	FailsFast cluster.Degradation = "fails-fast"          // an error after a millisecond: a missing secret, a full disk, a dead connection to a database
	Hangs                         = cluster.AcceptAndHang // accepts and does not answer
	Slow                          = cluster.SlowByTen
)

var errFails = errors.New("balance: the backend can't do this at present")

// suffer takes as long as the work does, or what a fault makes of it. Work that has begun is done to its end, whether or not a client
// waits: so it is with most handlers.
func (b *worker) suffer(ctx context.Context, took time.Duration) error {
	if b.h.Degraded(FailsFast) {
		return errors.Join(errFails, b.h.Sleep(time.Millisecond))
	}
	if err := b.h.AwaitRecovery(ctx, Hangs); err != nil {
		return err
	}
	if took == 0 {
		return nil
	}
	return b.h.Sleep(b.h.Slowed(took))
}
