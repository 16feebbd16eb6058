package nemesis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
)

// A Victim says which nodes a fault takes.
type Victim string

const (
	// OneNode takes one node, drawn at random.
	OneNode Victim = "one"
	// TheLeader takes a node that believes to be leader; any node if none does.
	TheLeader Victim = "leader"
	// AFollower takes a node that does not believe to be leader.
	AFollower Victim = "follower"
	// Minority takes fewer than half of the nodes, at least one.
	Minority Victim = "minority"
	// Majority takes more than half of the nodes at once.
	Majority Victim = "majority"
	// Everyone takes all nodes at once, as a power cut does.
	Everyone Victim = "all"
	// OneClient takes one of the clients, drawn at random, and no node. Only faults that a
	// client can have take clients: pauses, slow hosts, clocks, clogs, flaps and DNS.
	OneClient Victim = "client"
	// EveryClient takes all clients at once, and no node.
	EveryClient Victim = "clients"
)

// ClientVictims lists the victims that are clients. See also [ClientWithRole].
func ClientVictims() []Victim { return []Victim{OneClient, EveryClient} }

// ClientWithRole takes a client that has set the role, as
// "lock holder"; see [cluster.Host.SetRole]. It takes any client if none has.
func ClientWithRole(role string) Victim { return Victim("client-role:" + role) }

// ofClients reports whether the victim is a client and not a node.
func (v Victim) ofClients() bool {
	return v == OneClient || v == EveryClient || strings.HasPrefix(string(v), "client-role:")
}

// Victims lists which nodes a fault can take. There are also those that [WithRole] and
// [Nth] return, the clients: [ClientVictims], and hosts by their names: [Hosts].
func Victims() []Victim {
	return []Victim{OneNode, TheLeader, AFollower, Minority, Majority, Everyone}
}

// WithRole takes a node that has set the role; see
// [cluster.Host.SetRole]. It takes any node if none has.
func WithRole(role string) Victim { return Victim("role:" + role) }

// Nth takes the node at a place in a random order of all nodes, which the number order
// draws. So several steps of a plan can go through the nodes one by one, with one order
// and different places.
func Nth(order uint32, place int) Victim { return Victim(fmt.Sprintf("nth:%d:%d", order, place)) }

// targets is the part of a fault that says which hosts it takes.
type targets struct {
	Victims []Victim `json:"victims,omitempty"`
}

// orNodeOrLeader returns the victims, and if none are given one node, which is the leader
// half the time.
func (a targets) orNodeOrLeader() []Victim {
	if len(a.Victims) == 0 {
		return []Victim{OneNode, TheLeader}
	}
	return a.Victims
}

// describe returns the name of a fault with its victims.
func (a targets) describe(fault string) string {
	if len(a.Victims) == 0 {
		return fault
	}
	var names []string
	for _, v := range a.Victims {
		names = append(names, v.words())
	}
	return fault + " " + strings.Join(names, "/")
}

// A targeted fault takes hosts that its victims say.
type targeted interface {
	Fault
	aims() []Victim           // as they were given; none for the fault's own choice
	at(hosts ...Victim) Fault // the same fault with other victims
}

func (a targets) aims() []Victim { return a.Victims }

// A picker draws one of the victims, and returns the hosts that it stands for, and the victim that takes exactly these.
type picker func(c *cluster.Cluster, victims []Victim, r *rand.Rand) ([]string, Victim, error)

// pickHosts is the [picker] of faults that take clients as well as nodes.
func pickHosts(c *cluster.Cluster, victims []Victim, r *rand.Rand) ([]string, Victim, error) {
	v := victims[r.IntN(len(victims))]
	if named, ok := parseNamed(v); ok {
		return named.of(c, c.Hosts(), r)
	}
	hosts, err := hostsOf(c, v, r)
	return hosts, v.being(hosts), err
}

// pick is the [picker] of faults that take nodes only.
func pick(c *cluster.Cluster, victims []Victim, r *rand.Rand) ([]string, Victim, error) {
	v := victims[r.IntN(len(victims))]
	named, ok := parseNamed(v)
	if v.ofClients() || ok && slices.ContainsFunc(c.Clients(), func(x string) bool { return slices.Contains(named.hosts, x) }) {
		return nil, "", fmt.Errorf("victim %q: this fault takes nodes only", v)
	}
	if ok {
		return named.of(c, c.Nodes(), r)
	}
	nodes, err := nodesOf(c, v, r)
	return nodes, v.being(nodes), err
}

// hostsOf draws the nodes or clients that a victim stands for.
func hostsOf(c *cluster.Cluster, v Victim, r *rand.Rand) ([]string, error) {
	if !v.ofClients() {
		return nodesOf(c, v, r)
	}
	clients := c.Clients()
	if len(clients) == 0 {
		return nil, errors.New("there are no clients")
	}
	r.Shuffle(len(clients), func(i, j int) { clients[i], clients[j] = clients[j], clients[i] })
	if v == EveryClient {
		return clients, nil
	}
	role, _ := strings.CutPrefix(string(v), "client-role:")
	i := slices.IndexFunc(clients, func(x string) bool { return v == OneClient || c.Role(x) == role })
	i = max(0, i)
	return clients[i : i+1], nil
}

// nodesOf draws the nodes that a victim stands for.
func nodesOf(c *cluster.Cluster, v Victim, r *rand.Rand) ([]string, error) {
	nodes := c.Nodes()
	n := len(nodes)
	r.Shuffle(n, func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	first := func(good func(name string) bool) []string {
		i := max(0, slices.IndexFunc(nodes, good))
		return nodes[i : i+1]
	}
	leaders := c.Leaders()
	switch v {
	case OneNode:
		return nodes[:1], nil
	case TheLeader:
		return first(func(x string) bool { return slices.Contains(leaders, x) }), nil
	case AFollower:
		return first(func(x string) bool { return !slices.Contains(leaders, x) }), nil
	case Minority:
		return nodes[:1+r.IntN(max(1, (n-1)/2))], nil
	case Majority:
		return nodes[:n/2+1+r.IntN((n+1)/2)], nil
	case Everyone:
		return nodes, nil
	}
	if role, ok := strings.CutPrefix(string(v), "role:"); ok {
		return first(func(x string) bool { return c.Role(x) == role }), nil
	}
	if order, place, ok := parseNth(v); ok {
		perm := keyed.New(order, "order").Rand().Perm(n)
		return c.Nodes()[perm[place%n] : perm[place%n]+1], nil
	}
	return nil, fmt.Errorf("there is no victim %q; there are %v", v, slices.Concat(Victims(), ClientVictims()))
}

func parseNth(v Victim) (order uint64, place int, ok bool) {
	parts := strings.Split(string(v), ":")
	if len(parts) != 3 || parts[0] != "nth" {
		return 0, 0, false
	}
	order, err1 := strconv.ParseUint(parts[1], 10, 32)
	n, err2 := strconv.ParseUint(parts[2], 10, 16)
	return order, int(n), err1 == nil && err2 == nil
}

// injectInto injects a fault into each of the nodes that it draws from victims, and describes it.
func injectInto(ctx context.Context, c *cluster.Cluster, name string, f targeted, victims []Victim, r *rand.Rand, do func(node string) (heal func())) (string, func(), error) {
	return injectIntoPicked(ctx, pick, c, name, f, victims, r, do)
}

// injectIntoHosts is [injectInto] for a fault that takes clients as well as nodes.
func injectIntoHosts(ctx context.Context, c *cluster.Cluster, name string, f targeted, victims []Victim, r *rand.Rand, do func(host string) (heal func())) (string, func(), error) {
	return injectIntoPicked(ctx, pickHosts, c, name, f, victims, r, do)
}

// injectIntoPicked injects a fault into each of the hosts that pick draws.
func injectIntoPicked(ctx context.Context, pick picker, c *cluster.Cluster, name string, f targeted, victims []Victim, r *rand.Rand, do func(host string) (heal func())) (string, func(), error) {
	hit, v, err := pick(c, victims, r)
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", name, err)
	}
	var heals []func()
	for _, host := range hit {
		heals = append(heals, do(host))
	}
	chose(ctx, f.at(v))
	return name + " " + names(hit), healAll(heals), nil
}
