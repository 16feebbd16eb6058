package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// Slow returns a fault that adds up to extra to the latency of every link of one
// or more nodes, both ways; each link by an amount of its own. Zero means 200 ms.
func Slow(extra time.Duration) Fault { return slow{Extra: jsonDuration(extra)} }

// SlowNodes is [Slow] of these nodes, in this order. Nodes that the cluster does not have are left out, and the fault fails
// with [ErrAbsent] if none is left.
func SlowNodes(extra time.Duration, nodes ...string) Fault { return slow{jsonDuration(extra), nodes} }

// Latency returns a fault that adds a random delay of that mean to every link,
// distributed by jitter; those of clients included. Zero means 20 ms.
func Latency(mean time.Duration, jitter cluster.Jitter) Fault {
	return latency{jsonDuration(mean), jitter}
}

// Lossy returns a fault that makes every link lose what is sent in it with
// chance p, those between clients and nodes included. The chance is drawn for
// each millisecond of a link, so losses come in bursts. Zero means 0.2.
func Lossy(p float64) Fault { return lossy{p} }

// Duplicates returns a fault with which messages and datagrams arrive twice with
// chance p. Zero means 0.2.
func Duplicates(p float64) Fault { return duplicates{p} }

// Reorders returns a fault with which what is sent is overtaken, with chance p,
// by what follows it within 10 ms. Zero means 0.2.
func Reorders(p float64) Fault { return reorders{p} }

// Corrupts returns a fault that damages what is sent with chance p. A checksum
// catches it, and it is lost, unless deliver is set. Zero means 0.05.
func Corrupts(p float64, deliver bool) Fault { return corrupts{p, deliver} }

// Bandwidth returns a fault that limits every link to a number of bytes a second.
// Zero means 64 KiB.
func Bandwidth(bytes int) Fault { return bandwidth{bytes} }

// HalfOpen returns a fault that drops all that goes from one node to another,
// without an error at either: connections stay open in one direction.
func HalfOpen() Fault { return halfOpen{} }

// HalfOpenFrom is [HalfOpen] with all that goes from that node to that other one. It fails with [ErrAbsent] if
// the cluster does not have both.
func HalfOpenFrom(from, to string) Fault { return halfOpen{from, to} }

// Flaps returns a fault with which nodes lose all their links and get them back,
// again and again: half of each period long. Zero means 500 ms.
func Flaps(period time.Duration, victims ...Victim) Fault {
	return flaps{targets{victims}, jsonDuration(period)}
}

// Clogs returns a fault that cuts nodes off from all hosts, clients included.
func Clogs(victims ...Victim) Fault { return clogs{targets{victims}} }

func init() {
	register("slow", `links of some nodes are slower; "extra": by up to how much, "200ms" unless given; "nodes": which, drawn unless given`, decoderOf[slow]())
	register("latency", `all links are slower; "mean": by how much, "20ms"; "jitter": uniform, exponential or long-tail`, decoderOf[latency]())
	register("lossy", `links lose what is sent; "p": the chance, 0.2 unless given`, decoderOf[lossy]())
	register("duplicates", `messages and datagrams arrive twice; "p": the chance, 0.2 unless given`, decoderOf[duplicates]())
	register("reorders", `what is sent arrives out of order; "p": the chance, 0.2 unless given`, decoderOf[reorders]())
	register("corrupts", `what is sent is damaged; "p": the chance, 0.05; "deliver": no checksum catches it`, decoderOf[corrupts]())
	register("bandwidth", `links carry little; "bytes": a second, 65536 unless given`, decoderOf[bandwidth]())
	register("half-open", `what one node sends to another is lost, and neither gets an error; "from" and "to": which, drawn unless given`, decoderOf[halfOpen]())
	register("flaps", `links of nodes go down and up; "period": how often, "500ms" unless given`, decoderOf[flaps]())
	register("clogs", "nodes are cut off from all hosts, clients included", decoderOf[clogs]())
}

type slow struct {
	Extra jsonDuration `json:"extra,omitzero"`
	Nodes []string     `json:"nodes,omitempty"`
}

func (slow) kind() string { return "slow" }

func (f slow) extra() time.Duration { return f.Extra.or(200 * time.Millisecond) }

func (f slow) String() string {
	if len(f.Nodes) > 0 {
		return fmt.Sprintf("slow links +%v of %s", f.extra(), names(f.Nodes))
	}
	return fmt.Sprintf("slow links +%v", f.extra())
}

// Inject slows the links of up to all nodes but one. Of a link between two of them it slows
// each direction once.
func (f slow) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	nodes := c.Nodes()
	r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	hit := nodes[:1+r.IntN(max(1, len(nodes)-1))]
	if len(f.Nodes) > 0 {
		if hit = present(f.Nodes, nodes); len(hit) == 0 {
			return "", nil, fmt.Errorf("slow %s: %w", names(f.Nodes), ErrAbsent)
		}
	}
	var heals []func()
	for i, x := range hit {
		for _, y := range c.Nodes() {
			if x != y && !slices.Contains(hit[:i], y) { // a link is slowed once
				heals = append(heals, c.Slow(x, y, f.draw(r)), c.Slow(y, x, f.draw(r)))
			}
		}
	}
	chose(ctx, slow{f.Extra, hit})
	return "slow " + names(hit), healAll(heals), nil
}

func (f slow) draw(r *rand.Rand) time.Duration {
	return micros(1 + r.Int64N(int64(f.extra())))
}

// everyLink impairs the links between all hosts.
func everyLink(c *cluster.Cluster, desc string, i cluster.Impairment) (string, func(), error) {
	hosts := c.Hosts()
	var heals []func()
	for _, x := range hosts {
		for _, y := range hosts {
			if x != y {
				heals = append(heals, c.Impair(x, y, i))
			}
		}
	}
	return desc, healAll(heals), nil
}

// chanceOr returns p, at most 1, or otherwise if p is not set.
func chanceOr(p, otherwise float64) float64 {
	if p <= 0 {
		return otherwise
	}
	return min(p, 1)
}

type latency struct {
	Mean   jsonDuration   `json:"mean,omitzero"`
	Jitter cluster.Jitter `json:"jitter,omitempty"`
}

func (latency) kind() string { return "latency" }

func (f latency) mean() time.Duration { return f.Mean.or(20 * time.Millisecond) }

func (f latency) String() string {
	if f.Jitter == cluster.Constant {
		return fmt.Sprintf("latency +%v", f.mean())
	}
	return fmt.Sprintf("latency +%v %s", f.mean(), f.Jitter)
}

func (f latency) Inject(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	switch f.Jitter {
	case cluster.Constant, cluster.Uniform, cluster.Exponential, cluster.LongTail:
		return everyLink(c, f.String(), cluster.Impairment{Delay: f.mean(), Jitter: f.Jitter})
	}
	return "", nil, fmt.Errorf("latency: there is no jitter %q", f.Jitter)
}

type lossy struct {
	P float64 `json:"p,omitempty"`
}

func (lossy) kind() string { return "lossy" }

func (f lossy) String() string { return fmt.Sprintf("lossy links %g %%", 100*chanceOr(f.P, 0.2)) }

func (f lossy) Inject(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	if f.P > 1 {
		return "", nil, fmt.Errorf("lossy: a chance of %g", f.P)
	}
	return everyLink(c, f.String(), cluster.Impairment{Lose: chanceOr(f.P, 0.2)})
}

type duplicates struct {
	P float64 `json:"p,omitempty"`
}

func (duplicates) kind() string     { return "duplicates" }
func (f duplicates) String() string { return fmt.Sprintf("duplicates %g %%", 100*chanceOr(f.P, 0.2)) }

func (f duplicates) Inject(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	return everyLink(c, f.String(), cluster.Impairment{Double: chanceOr(f.P, 0.2)})
}

type reorders struct {
	P float64 `json:"p,omitempty"`
}

func (reorders) kind() string     { return "reorders" }
func (f reorders) String() string { return fmt.Sprintf("reorders %g %%", 100*chanceOr(f.P, 0.2)) }

func (f reorders) Inject(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	return everyLink(c, f.String(), cluster.Impairment{Reorder: chanceOr(f.P, 0.2)})
}

type corrupts struct {
	P       float64 `json:"p,omitempty"`
	Deliver bool    `json:"deliver,omitempty"`
}

func (corrupts) kind() string { return "corrupts" }

func (f corrupts) String() string {
	if f.Deliver {
		return fmt.Sprintf("corrupts %g %%, unnoticed", 100*chanceOr(f.P, 0.05))
	}
	return fmt.Sprintf("corrupts %g %%", 100*chanceOr(f.P, 0.05))
}

func (f corrupts) Inject(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	return everyLink(c, f.String(), cluster.Impairment{Damage: chanceOr(f.P, 0.05), Deliver: f.Deliver})
}

type bandwidth struct {
	Bytes int `json:"bytes,omitempty"`
}

func (bandwidth) kind() string { return "bandwidth" }

func (f bandwidth) bytes() int {
	if f.Bytes <= 0 {
		return 64 << 10
	}
	return f.Bytes
}

func (f bandwidth) String() string { return fmt.Sprintf("bandwidth %d bytes/s", f.bytes()) }

func (f bandwidth) Inject(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	return everyLink(c, f.String(), cluster.Impairment{Bandwidth: f.bytes()})
}

type halfOpen struct {
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

func (halfOpen) kind() string { return "half-open" }

func (f halfOpen) String() string {
	if f != (halfOpen{}) {
		return fmt.Sprintf("half-open %s ⇥ %s", f.From, f.To)
	}
	return "half-open"
}

func (f halfOpen) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	nodes := c.Nodes()
	if len(nodes) < 2 {
		return "", nil, fmt.Errorf("half-open: a cluster of %d has no links", len(nodes))
	}
	r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	from, to := nodes[0], nodes[1]
	if f != (halfOpen{}) {
		if from, to = f.From, f.To; from == to || len(present([]string{from, to}, nodes)) < 2 {
			return "", nil, fmt.Errorf("%v: %w", f, ErrAbsent)
		}
	}
	chose(ctx, HalfOpenFrom(from, to))
	return fmt.Sprintf("half-open %s ⇥ %s", from, to), c.Cut(from, to), nil
}

// isolate impairs all links of a node, in both directions.
func isolate(c *cluster.Cluster, node string, i cluster.Impairment) func() {
	var heals []func()
	for _, y := range c.Hosts() {
		if y != node {
			heals = append(heals, c.Impair(node, y, i), c.Impair(y, node, i))
		}
	}
	return healAll(heals)
}

type flaps struct {
	targets
	Period jsonDuration `json:"period,omitzero"`
}

func (flaps) kind() string           { return "flaps" }
func (f flaps) at(v ...Victim) Fault { f.Victims = v; return f }
func (f flaps) String() string       { return f.describe(fmt.Sprintf("flaps %v", f.period())) }

func (f flaps) period() time.Duration { return f.Period.or(500 * time.Millisecond) }

func (f flaps) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectIntoHosts(ctx, c, "flaps", f, f.orNodeOrLeader(), r, func(node string) func() {
		return isolate(c, node, cluster.Impairment{Cut: true, Flap: f.period()})
	})
}

type clogs struct{ targets }

func (clogs) kind() string           { return "clogs" }
func (f clogs) at(v ...Victim) Fault { f.Victims = v; return f }
func (f clogs) String() string       { return f.describe("clogs") }

func (f clogs) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectIntoHosts(ctx, c, "clogs", f, f.orNodeOrLeader(), r, func(node string) func() {
		return isolate(c, node, cluster.Impairment{Cut: true})
	})
}
