package cluster

import (
	"io"
	"log/slog"
	"time"
)

// wire is the cluster as the network of connections sees it.
type wire struct{ c *Cluster }

func (w wire) Now() time.Duration { return w.c.Now() }

// Carry puts a segment of a connection on the link between two hosts.
func (w wire) Carry(from, to string, _ int, deliver, lost func()) {
	f, t := w.c.machine(from), w.c.machine(to)
	w.c.lock()
	why := w.c.launch(&event{kind: kindSegment, to: t, from: f, fromLife: f.life, fn: deliver, lost: lost})
	w.c.unlock()
	if why != arrived && lost != nil {
		lost()
	}
}

// After runs fn as an event of a host.
func (w wire) After(host string, d time.Duration, fn func()) (stop func()) {
	m := w.c.machine(host)
	w.c.lock()
	h := m.host
	w.c.unlock()
	if h == nil { // it never started
		return func() {}
	}
	return h.AfterFunc(d, func() {
		w.c.loop.wakes()
		fn()
	}).Stop
}

// newLog returns a logger to out whose lines bear the virtual time.
func newLog(c *Cluster, out io.Writer) *slog.Logger {
	if out == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey && len(groups) == 0 {
				return slog.String("at", c.Now().String())
			}
			return a
		},
	}))
}
