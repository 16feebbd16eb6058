package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// ClockSkew returns a fault that sets clocks wrong by up to most, ahead or
// behind, each by an amount of its own. Zero means 5 s.
func ClockSkew(most time.Duration, victims ...Victim) Fault {
	return clockSkew{targets{victims}, jsonDuration(most)}
}

// ClockDrift returns a fault that makes clocks, and the timers that go by them, run
// too fast or too slow, each by up to ppm millionths. Zero means 100,000: a
// tenth, which is more than any oscillator drifts, and as much as virtual machines do.
func ClockDrift(ppm float64, victims ...Victim) Fault { return clockDrift{targets{victims}, ppm} }

// ClockJumps returns a fault that makes clocks jump once in each interval every, to an error
// of up to most ahead or behind. Zeros mean 2 s and 500 ms.
func ClockJumps(most, every time.Duration, victims ...Victim) Fault {
	return clockJumps{targets{victims}, jsonDuration(most), jsonDuration(every)}
}

// ClockStrobe returns a fault that makes clocks jump each 5 ms, to an error of up to most.
// Zero means 200 ms.
func ClockStrobe(most time.Duration, victims ...Victim) Fault {
	return clockStrobe{targets{victims}, jsonDuration(most)}
}

func init() {
	register("clock-skew", `clocks are wrong by a constant; "most": by up to how much, "5s" unless given`, decoderOf[clockSkew]())
	register("clock-drift", `clocks and timers run too fast or slow; "ppm": by up to how many millionths, 100000 unless given`, decoderOf[clockDrift]())
	register("clock-jumps", `clocks jump back and forth; "most": by up to how much, "2s"; "every": how often, "500ms"`, decoderOf[clockJumps]())
	register("clock-strobe", `clocks flicker each 5 ms; "most": by up to how much, "200ms" unless given`, decoderOf[clockStrobe]())
}

type clockSkew struct {
	targets
	Most jsonDuration `json:"most,omitzero"`
}

func (clockSkew) kind() string           { return "clock-skew" }
func (f clockSkew) at(v ...Victim) Fault { f.Victims = v; return f }
func (f clockSkew) String() string       { return f.describe(fmt.Sprintf("clock skew ±%v", f.most())) }

func (f clockSkew) most() time.Duration { return f.Most.or(5 * time.Second) }

func (f clockSkew) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectIntoHosts(ctx, c, "clock skew", f, f.orNodeOrLeader(), r, func(node string) func() {
		return c.ImpairClock(node, cluster.ClockError{Skew: randomSign(r) * micros(1000+r.Int64N(int64(f.most())))})
	})
}

// randomSign returns one or minus one.
func randomSign(r *rand.Rand) time.Duration { return time.Duration(1 - 2*r.IntN(2)) }

type clockDrift struct {
	targets
	PPM float64 `json:"ppm,omitempty"`
}

func (clockDrift) kind() string           { return "clock-drift" }
func (f clockDrift) at(v ...Victim) Fault { f.Victims = v; return f }
func (f clockDrift) String() string       { return f.describe(fmt.Sprintf("clock drift ±%g ppm", f.ppm())) }

func (f clockDrift) ppm() float64 {
	if f.PPM <= 0 {
		return 100_000
	}
	return min(f.PPM, 900_000)
}

func (f clockDrift) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectIntoHosts(ctx, c, "clock drift", f, f.orNodeOrLeader(), r, func(node string) func() {
		return c.ImpairClock(node, cluster.ClockError{Drift: float64(randomSign(r)) * f.ppm() * (0.1 + 0.9*r.Float64())})
	})
}

type clockJumps struct {
	targets
	Most  jsonDuration `json:"most,omitzero"`
	Every jsonDuration `json:"every,omitzero"`
}

func (clockJumps) kind() string           { return "clock-jumps" }
func (f clockJumps) at(v ...Victim) Fault { f.Victims = v; return f }
func (f clockJumps) String() string       { return f.describe("clock jumps") }

func (f clockJumps) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	e := cluster.ClockError{Jump: f.Most.or(2 * time.Second), Every: f.Every.or(500 * time.Millisecond)}
	return injectIntoHosts(ctx, c, "clock jumps", f, f.orNodeOrLeader(), r, func(node string) func() { return c.ImpairClock(node, e) })
}

type clockStrobe struct {
	targets
	Most jsonDuration `json:"most,omitzero"`
}

func (clockStrobe) kind() string           { return "clock-strobe" }
func (f clockStrobe) at(v ...Victim) Fault { f.Victims = v; return f }
func (f clockStrobe) String() string       { return f.describe("clock strobe") }

func (f clockStrobe) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	e := cluster.ClockError{Jump: f.Most.or(200 * time.Millisecond), Every: 5 * time.Millisecond}
	return injectIntoHosts(ctx, c, "clock strobe", f, f.orNodeOrLeader(), r, func(node string) func() { return c.ImpairClock(node, e) })
}
