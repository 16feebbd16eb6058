package tracer

import (
	"fmt"
	"math/bits"
	"reflect"
	"slices"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/keyed"
)

// features collects what [trace.Window.Features] asks for. A nil one collects nothing.
type features struct {
	wanted trace.Features
	types  map[reflect.Type]string
	hosts  map[string]*hostState
	states map[uint64]struct{}
	edges  map[edge]int
	pairs  map[pair]struct{}

	arrivedID   uint64 // the last message that was delivered,
	arrivedKind string // and its kind
}

// An edge is a kind of message between hosts of two roles, with its fate.
type edge struct {
	kind     string
	reply    bool
	from, to string
	lost     trace.Loss
}

// A pair is two kinds of messages, of which the second was sent because of the first, by a host of that role.
type pair struct{ first, then, role string }

// A hostState is what is known of a host.
type hostState struct {
	role     string
	term     uint64
	abstract uint64
	down     bool
	paused   bool
}

func newFeatures(wanted trace.Features) *features {
	return &features{
		wanted: wanted, types: map[reflect.Type]string{}, hosts: map[string]*hostState{},
		states: map[uint64]struct{}{}, edges: map[edge]int{}, pairs: map[pair]struct{}{},
	}
}

// wants reports whether features of that sort are collected.
func (f *features) wants(x trace.Features) bool { return f != nil && f.wanted&x != 0 }

// host returns the state of a host.
func (f *features) host(name string) *hostState {
	h := f.hosts[name]
	if h == nil {
		h = &hostState{role: "client"}
		if name != "" && name[0] == 'n' {
			h.role = "node"
		}
		f.hosts[name] = h
	}
	return h
}

// kindOf names the kind of a message.
func (f *features) kindOf(body any) string {
	switch body := body.(type) {
	case trace.Typed:
		return body.MessageType()
	case Segment:
		if body.Control != "" {
			return body.Control
		}
		return "data"
	}
	t := reflect.TypeOf(body)
	name, ok := f.types[t]
	if !ok {
		name = fmt.Sprint(t)
		f.types[t] = name
	}
	return name
}

// sent notes that a message is sent because of another one.
func (f *features) sent(s *Sent) {
	if !f.wants(trace.Edges) {
		return
	}
	first := "a timer"
	if s.m.Cause != 0 && s.m.Cause == f.arrivedID {
		first = f.arrivedKind
	}
	f.pairs[pair{first, f.kindOf(s.body), f.host(s.m.From).role}] = struct{}{}
}

// arrived notes the fate of a message.
func (f *features) arrived(s *Sent, why trace.Loss) {
	if !f.wants(trace.Edges) {
		return
	}
	kind := f.kindOf(s.body)
	f.edges[edge{kind, s.m.Reply, f.host(s.m.From).role, f.host(s.m.To).role, why}]++
	if why == "" {
		f.arrivedID, f.arrivedKind = s.m.ID, kind
	}
}

// event notes an event, and reports whether it is of those that are kept.
func (f *features) event(e trace.Event) bool {
	h := f.host(e.Host)
	switch e.Kind {
	case trace.Role:
		if h.role == e.Text && h.term == e.Term {
			return false
		}
		h.role, h.term = e.Text, e.Term
	case trace.Crash:
		*h = hostState{role: "node", down: true}
	case trace.Restart:
		h.down = false
	case trace.Pause, trace.Resume:
		h.paused = e.Kind == trace.Pause
		f.changed()
		return false
	default:
		return false
	}
	f.changed()
	return true
}

// state notes in which state a node says to be.
func (f *features) state(host string, abstract uint64) {
	if h := f.host(host); h.abstract != abstract {
		h.abstract = abstract
		f.changed()
	}
}

// mostTerms is from where on terms are alike that are ahead of the least one.
const mostTerms = 2

// changed notes the state of the cluster. It is the same whichever node is in which state: that the nodes of two runs have changed places is nothing new.
func (f *features) changed() {
	if !f.wants(trace.States) {
		return
	}
	least := ^uint64(0)
	for _, h := range f.hosts { // order: the least is taken
		if h.term > 0 {
			least = min(least, h.term)
		}
	}
	var sum uint64
	for _, h := range f.hosts { // order: a sum
		if h.role == "client" {
			continue
		}
		ahead := int64(-1)
		if h.term > 0 {
			ahead = int64(min(h.term-least, mostTerms))
		}
		k := keyed.New(h.abstract, h.role).Int(ahead)
		if h.down {
			k = k.With("down")
		}
		if h.paused {
			k = k.With("paused")
		}
		sum += k.Uint64()
	}
	f.states[sum] = struct{}{}
}

// all returns the features, sorted.
func (f *features) all() []uint64 {
	if f == nil {
		return nil
	}
	var all []uint64
	for s := range f.states { // order: sorted below
		all = append(all, keyed.New(s, "state").Uint64())
	}
	for e, n := range f.edges { // order: sorted below
		k := keyed.New(1, e.kind, e.from, e.to, string(e.lost)).Int(int64(bits.Len(uint(n))))
		if e.reply {
			k = k.With("reply")
		}
		all = append(all, k.Uint64())
	}
	for p := range f.pairs { // order: sorted below
		all = append(all, keyed.New(2, p.first, p.then, p.role).Uint64())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Wants reports whether features of that sort are recorded.
func (r *Recorder) Wants(f trace.Features) bool { return r != nil && r.features.wants(f) }

// State notes in which state a node says to be.
func (r *Recorder) State(host string, abstract uint64) { r.features.state(host, abstract) }
