package cluster

import (
	"context"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/effect"
	"github.com/capsize-go/capsize/cluster/trace"
)

// A Degradation is a way in which a service fails that is up: its host runs, its connections are accepted, and its health
// endpoint may say that all is well. What it means for a service is up to the service, which asks by [Host.Degraded].
type Degradation string

const (
	// AcceptAndHang accepts connections and requests, and never answers.
	AcceptAndHang Degradation = "accept-and-hang"
	// HeadersThenStall sends the head of an answer, and never the rest.
	HeadersThenStall Degradation = "headers-then-stall"
	// OneByteASecond sends an answer byte by byte, one a second.
	OneByteASecond Degradation = "one-byte-a-second"
	// StuckLock never releases a lock that all requests need.
	StuckLock Degradation = "stuck-lock"
	// DeadShard gets no answer from one of the parts that the data are spread over.
	DeadShard Degradation = "dead-shard"
	// SlowByTen takes ten times as long for its work; see [Host.Slowed].
	SlowByTen Degradation = "slow-by-ten"
)

// Degradations lists the ways in which a service can fail that is up.
func Degradations() []Degradation {
	return []Degradation{AcceptAndHang, HeadersThenStall, OneByteASecond, StuckLock, DeadShard, SlowByTen}
}

// A degraded is a degradation of one machine by one fault.
type degraded struct {
	how     Degradation
	by      *effect.Tally
	waiting []chan struct{} // those who wait for its end, in the order in which they came
}

// Degrade has the service of a host fail in that way until heal is called. It counts as an effect when the service asks whether
// it is so.
func (c *Cluster) Degrade(name string, how Degradation) (heal func()) {
	m := c.machine(name)
	c.lock()
	defer c.unlock()
	x := &degraded{how: how, by: c.by}
	m.degraded = append(m.degraded, x)
	return c.healing(m, nil, wrong{trace.Service, how}, func() {
		m.degraded = slices.DeleteFunc(m.degraded, func(y *degraded) bool { return x == y })
		m.recover(x)
	})
}

// recover wakes those who wait for the end of a degradation, each at an instant of the machine's own.
func (m *machine) recover(x *degraded) {
	for i, w := range x.waiting {
		m.c.loop.pushLocked(m.align(m.c.Now()+1)+time.Duration(i)*time.Microsecond, &event{kind: kindFunc, to: m, fn: func() {
			m.c.loop.wakes()
			close(w)
		}})
	}
	x.waiting = nil
}

// degradedBy returns what degrades the machine in that way; nil if nothing does.
func (m *machine) degradedBy(how Degradation) *degraded {
	i := slices.IndexFunc(m.degraded, func(x *degraded) bool { return x.how == how })
	if i < 0 {
		return nil
	}
	return m.degraded[i]
}

// Degraded reports whether a fault has the service of the host fail in that way at present. The service is then to do so: that
// it asked counts as an effect of the fault.
func (h *Host) Degraded(how Degradation) bool {
	c := h.m.c
	c.lock()
	defer c.unlock()
	x := h.m.degradedBy(how)
	if x == nil || h.dead() {
		return false
	}
	x.by.Add(effect.Degraded, 1)
	return true
}

// Slowed returns how long work takes that takes d on a service that is well: ten times as long under [SlowByTen].
func (h *Host) Slowed(d time.Duration) time.Duration {
	if h.Degraded(SlowByTen) {
		return 10 * d
	}
	return d
}

// AwaitRecovery waits while a fault has the service fail in that way. It returns nil when none does, and earlier the error of
// ctx when that ends, or [ErrCrashed] when the host crashes. It counts as one effect if it waits.
func (h *Host) AwaitRecovery(ctx context.Context, how Degradation) error {
	if !h.Degraded(how) {
		return nil
	}
	for {
		recovered := h.whenRecovered(how)
		if recovered == nil {
			return nil
		}
		select {
		case <-recovered:
		case <-ctx.Done():
			return ctx.Err()
		case <-h.ctx.Done():
			return ErrCrashed
		}
	}
}

// whenRecovered returns what is closed when the present degradation has ended; nil if there is none.
func (h *Host) whenRecovered(how Degradation) <-chan struct{} {
	h.m.c.lock()
	defer h.m.c.unlock()
	x := h.m.degradedBy(how)
	if x == nil {
		return nil
	}
	w := make(chan struct{})
	x.waiting = append(x.waiting, w)
	return w
}
