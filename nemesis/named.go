package nemesis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/cluster"
)

// ErrAbsent is wrapped by the error of a fault that names its hosts, of which the cluster has none. It is no mistake of the
// plan: a plan may be run with fewer nodes or clients than it was made with.
var ErrAbsent = errors.New("the cluster has none of its hosts")

// Hosts takes exactly these hosts, nodes or clients, in this order: Hosts("n1", "n3"), in JSON "hosts:n1,n3". Those that the
// cluster does not have are left out, and the fault fails with [ErrAbsent] if none is left. What a fault draws after its
// victims, as by how much a clock is wrong, stays what it was with one victim that was drawn.
func Hosts(names ...string) Victim { return Victim("hosts:" + strings.Join(names, ",")) }

// MinorityOf takes these nodes, as [Hosts] does. What a fault draws after its victims stays what it was with
// [Minority]. In JSON it is "minority=n1,n3".
func MinorityOf(names ...string) Victim { return Minority + Victim("="+strings.Join(names, ",")) }

// MajorityOf takes these nodes, as [Hosts] does. What a fault draws after its victims stays what it was with
// [Majority]. In JSON it is "majority=n1,n2,n3".
func MajorityOf(names ...string) Victim { return Majority + Victim("="+strings.Join(names, ",")) }

// being returns the victim that takes exactly these hosts, as which v came out. Injecting it draws as much as injecting v.
func (v Victim) being(hosts []string) Victim {
	switch v {
	case Minority:
		return MinorityOf(hosts...)
	case Majority:
		return MajorityOf(hosts...)
	}
	return Hosts(hosts...)
}

// A named victim is one that says which hosts it takes.
type named struct {
	hosts []string
	as    Victim // whose draws it makes; empty for one host
}

// parseNamed returns what a victim names; ok is false if it is drawn when the fault is injected.
func parseNamed(v Victim) (n named, ok bool) {
	for _, form := range []struct {
		prefix string
		as     Victim
	}{{"hosts:", ""}, {"minority=", Minority}, {"majority=", Majority}} {
		if list, ok := strings.CutPrefix(string(v), form.prefix); ok {
			return named{strings.FieldsFunc(list, func(r rune) bool { return r == ',' }), form.as}, true
		}
	}
	return named{}, false
}

// of returns those of the hosts that are there. It draws as much as the victim that is drawn.
func (n named) of(c *cluster.Cluster, there []string, r *rand.Rand) ([]string, Victim, error) {
	hit := present(n.hosts, there)
	if len(hit) == 0 {
		return nil, "", fmt.Errorf("%s: %w", strings.Join(n.hosts, " "), ErrAbsent)
	}
	like := n.as
	switch {
	case like != "":
	case slices.Contains(c.Nodes(), hit[0]):
		like = OneNode
	default:
		like = OneClient
	}
	if _, err := hostsOf(c, like, r); err != nil { // for its draws
		return nil, "", err
	}
	return hit, n.as.being(hit), nil
}

// present returns those of the hosts that are there, in their order.
func present(hosts, there []string) []string {
	return slices.DeleteFunc(slices.Clone(hosts), func(x string) bool { return !slices.Contains(there, x) })
}

// words returns how a victim is described.
func (v Victim) words() string {
	if n, ok := parseNamed(v); ok {
		return strings.Join(n.hosts, " ")
	}
	return string(v)
}

// Injected is a fault that has begun.
type Injected struct {
	Step Step   // with what the fault chose in place of what it draws: its hosts, a cut, what is left of a write
	Desc string // what was chosen: "n2 | n1 n3"
	Heal func() // ends the fault; to be called once
}

// Begin injects the step's fault as [Step.Inject] does, and returns with it the step that makes the same choices by itself, under any
// seed and without the steps beside it. A fault from [New], or of a type from elsewhere, stays as it is, and
// so does one that could not be injected.
func (s Step) Begin(ctx context.Context, c *cluster.Cluster, seed uint64) (Injected, error) {
	i := Injected{Step: s}
	var err error
	i.Desc, i.Heal, i.Step.Fault, err = inject(ctx, c.As(Kind(s.Fault)), s.Fault, s.Rand(seed))
	return i, err
}

// choiceKey is the key of a context's value of type *Fault, which takes what the fault that is injected with the context chose.
type choiceKey struct{}

// chose says what a fault chose: the same fault, which draws no more what was chosen.
func chose(ctx context.Context, f Fault) {
	if to, ok := ctx.Value(choiceKey{}).(*Fault); ok && to != nil {
		*to = f
	}
}

// inject injects a fault, and returns it with what it chose. A fault that is not of this package may inject others with its
// context, which say nothing.
func inject(ctx context.Context, c *cluster.Cluster, f Fault, r *rand.Rand) (desc string, heal func(), chosen Fault, err error) {
	chosen = f
	var to *Fault
	if _, ours := f.(parameters); ours {
		to = &chosen
	}
	desc, heal, err = f.Inject(context.WithValue(ctx, choiceKey{}, to), c, r)
	if err != nil {
		chosen = f
	}
	return desc, heal, chosen, err
}
