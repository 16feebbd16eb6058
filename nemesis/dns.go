package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/capsize-go/capsize/cluster"
)

// DNS returns a fault of the name service: lookups return an old record, another
// node, that there is no such name, a failure, or the right record late. The empty what draws
// one of these each time. It takes all hosts, clients included, unless victims are given.
// A host still uses what it has cached. In a system without names (see
// [cluster.Named]) it fails with [ErrNotTriggered].
func DNS(what cluster.NameImpairment, victims ...Victim) Fault { return dns{targets{victims}, what} }

func init() {
	register("dns", `lookups of names go wrong; "answer": stale, wrong, missing, failing or slow, drawn unless given`, decoderOf[dns]())
}

type dns struct {
	targets
	Answer cluster.NameImpairment `json:"answer,omitempty"`
}

func (dns) kind() string           { return "dns" }
func (f dns) at(v ...Victim) Fault { f.Victims = v; return f }

func (f dns) String() string {
	if f.Answer == "" {
		return f.describe("dns")
	}
	return f.describe("dns " + string(f.Answer))
}

// Inject impairs the lookups of the victims, or of all hosts. It draws a kind even if one is
// given, so that a plan with and one without it draw the same victims.
func (f dns) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	kinds := cluster.NameImpairments()
	what := kinds[r.IntN(len(kinds))]
	if f.Answer != "" {
		what = f.Answer
	}
	switch {
	case !slices.Contains(kinds, what):
		return "", nil, fmt.Errorf("dns: there is no answer %q; there are %v", what, kinds)
	case !c.HasNames():
		return "", nil, fmt.Errorf("dns: the system has no names: %w", ErrNotTriggered)
	}
	f.Answer = what
	do := func(host string) func() { return c.ImpairNames(host, what) }
	if len(f.Victims) > 0 {
		return injectIntoHosts(ctx, c, "dns "+string(what), f, f.Victims, r, do)
	}
	var heals []func()
	for _, host := range c.Hosts() {
		heals = append(heals, do(host))
	}
	chose(ctx, f)
	return "dns " + string(what), healAll(heals), nil
}
