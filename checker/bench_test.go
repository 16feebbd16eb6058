package checker

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/capsize-go/capsize/history"
)

// A load is a history to measure with: n calls on one register, with as many
// clients at a time, all of them always busy.
type load struct {
	n, clients int
	unknown    int // percent of the calls whose outcome is
	swaps      bool
	stale      bool // whether one read is of a value that was long gone
	few        bool // whether only five values are written
}

func (l load) String() string {
	return fmt.Sprintf("n=%d/c=%d/unknown=%d%%/swaps=%t/stale=%t", l.n, l.clients, l.unknown, l.swaps, l.stale)
}

// history makes the history: each call takes effect at a random instant between its ends.
func (l load) history() *history.History {
	r := rand.New(rand.NewPCG(uint64(l.n), uint64(l.clients)))
	type client struct {
		process int
		in      RegisterOp
		out     int
		phase   int
	}
	clients := make([]client, l.clients)
	for i := range clients {
		clients[i].process = i
	}
	h, state, next, past := history.Of(), 0, 0, 0
	for asked := 0; asked < l.n; {
		c := &clients[r.IntN(len(clients))]
		switch c.phase {
		case 0:
			next++
			v := next
			if l.few {
				v = next % 5
			}
			c.in = RegisterOp{F: "read"}
			switch x := r.IntN(4); {
			case x == 0 || !l.swaps && x == 1:
				c.in = RegisterOp{F: "write", Value: v}
			case x == 1:
				c.in = RegisterOp{F: "cas", Old: state, Value: v}
			}
			asked++
			h.Add(history.Op{Process: c.process, Type: history.Invoke, Time: time.Duration(h.Len()) * time.Millisecond, Input: c.in})
		case 1:
			m := Register()
			c.out = state
			if c.in.F == "write" {
				c.out = 0
			}
			state, _ = m.Step(state, c.in, c.out)
		case 2:
			end := history.Op{Process: c.process, Type: history.OK, Time: time.Duration(h.Len()) * time.Millisecond, Output: c.out}
			if c.in.F != "read" && r.IntN(100) < l.unknown {
				end.Type, end.Output = history.Info, nil
				c.process += l.clients
			}
			if l.stale && c.in.F == "read" && asked > l.n*3/4 && past == 0 {
				past = max(1, next/4)
				end.Output = past
			}
			h.Add(end)
			c.phase = -1
		}
		c.phase++
	}
	return h
}

// cpu returns the processor time that the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRegister measures histories whose written values are unique.
func BenchmarkRegister(b *testing.B) {
	for _, n := range []int{1e3, 1e4, 1e5, 1e6} {
		for _, clients := range []int{5, 20, 50} {
			for _, unknown := range []int{0, 1, 5} {
				for _, stale := range []bool{false, true} {
					l := load{n: n, clients: clients, unknown: unknown, swaps: true, stale: stale}
					b.Run(l.String(), func(b *testing.B) { measure(b, l) })
				}
			}
		}
	}
}

func measure(b *testing.B, l load) {
	h := l.history()
	want := Valid
	if l.stale {
		want = Invalid
	}
	b.ReportAllocs()
	start := cpu()
	for b.Loop() {
		if got := Linearizable(Register()).Check(b.Context(), h); got.Verdict != want {
			b.Fatalf("%v: %s", got.Verdict, got.Reason)
		}
	}
	b.ReportMetric(float64((cpu()-start).Milliseconds())/float64(b.N), "cpu-ms/op")
}
