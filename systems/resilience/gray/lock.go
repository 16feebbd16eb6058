package gray

import (
	"context"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A Lock is a lock of a host that gets stuck under [cluster.StuckLock]: who has it then does not release it until the host has recovered. Waits
// and holds are recorded under its name.
type Lock struct {
	process context.Context
	h       *cluster.Host
	name    string
	taken   *web.Slots // and no sync.Mutex, so that virtual time passes while a request waits
}

// NewLock returns a lock that is free. The process ends what waits for it.
func NewLock(process context.Context, h *cluster.Host, name string) *Lock {
	return &Lock{process, h, name, web.NewSlots(h, 1)}
}

// Do runs f with the lock. It returns the error of f, or that of the process if it ends first.
func (l *Lock) Do(ctx context.Context, f func() error) error {
	err := l.h.Do(ctx, web.In(ctx, "wait", l.name), func(context.Context) (any, error) {
		return model.Answer{}, l.taken.Acquire(l.process)
	})
	if err != nil {
		return err
	}
	defer l.taken.Release()
	return l.h.Do(ctx, web.In(ctx, "hold", l.name), func(context.Context) (any, error) {
		err := f()
		if err == nil {
			err = l.h.AwaitRecovery(l.process, cluster.StuckLock)
		}
		return model.Answer{}, err
	})
}
