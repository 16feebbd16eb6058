package nemesis

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// Slow returns a fault that adds up to extra to the latency of every link of one
// or more nodes, both ways; each link by an amount of its own. Zero means 200 ms.
func Slow(extra time.Duration) Fault { return slow{span(extra)} }

// Lossy returns a fault that makes every link lose what is sent in it with
// chance p, those between clients and nodes included. The chance is drawn for
// each millisecond of a link, so losses come in bursts. Zero means 0.2.
func Lossy(p float64) Fault { return lossy{p} }

func init() {
	register("slow", as[slow]())
	register("lossy", as[lossy]())
}

type slow struct {
	Extra span `json:"extra,omitzero"`
}

func (slow) kind() string { return "slow" }

func (f slow) extra() time.Duration {
	if f.Extra <= 0 {
		return 200 * time.Millisecond
	}
	return time.Duration(f.Extra)
}

func (f slow) String() string { return fmt.Sprintf("slow links +%v", f.extra()) }

func (f slow) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	nodes := c.Nodes()
	r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	hit := nodes[:1+r.IntN(max(1, len(nodes)-1))]
	var heals []func()
	for i, x := range hit {
		for _, y := range c.Nodes() {
			if x != y && !slices.Contains(hit[:i], y) { // a link is slowed once
				heals = append(heals, c.Slow(x, y, f.draw(r)), c.Slow(y, x, f.draw(r)))
			}
		}
	}
	return "slow " + names(hit), all(heals), nil
}

func (f slow) draw(r *rand.Rand) time.Duration {
	return micros(1 + r.Int64N(int64(f.extra())))
}

type lossy struct {
	P float64 `json:"p,omitempty"`
}

func (lossy) kind() string { return "lossy" }

func (f lossy) p() float64 {
	if f.P <= 0 {
		return 0.2
	}
	return f.P
}

func (f lossy) String() string { return fmt.Sprintf("lossy links %g %%", 100*f.p()) }

func (f lossy) Inject(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	if f.P > 1 {
		return "", nil, fmt.Errorf("lossy: a chance of %g", f.P)
	}
	hosts := c.Hosts()
	var heals []func()
	for _, x := range hosts {
		for _, y := range hosts {
			if x != y {
				heals = append(heals, c.Lose(x, y, f.p()))
			}
		}
	}
	return f.String(), all(heals), nil
}

// A span is a duration that is kept in JSON as Go writes it.
type span time.Duration

// MarshalJSON returns the span as a string: "200ms".
func (s span) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(s).String()) }

// UnmarshalJSON reads a string like "200ms".
func (s *span) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("a duration is a string like \"200ms\": %w", err)
	}
	d, err := time.ParseDuration(text)
	*s = span(d)
	return err
}
