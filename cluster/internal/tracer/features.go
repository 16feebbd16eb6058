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
	types  map[reflect.Type]name
	names  map[string]name
	texts  []string // by name
	hosts  map[string]*hostState
	states map[uint64]struct{}
	edges  map[edge]int
	pairs  map[pair]struct{}

	arrivedID   uint64 // the last message that was delivered,
	arrivedKind name   // and its kind
}

// A name stands for the kind of a message, a role, or a loss: it is quicker to look up than its text.
type name uint16

// The names that are always there.
const (
	aClient name = iota
	aNode
	aTimer
)

// An edge is a kind of message between hosts of two roles, with its fate.
type edge struct {
	kind, from, to, lost name
	reply                bool
}

// A pair is two kinds of messages, of which the second was sent because of the first, by a host of that role.
type pair struct{ first, then, role name }

// A hostState is what is known of a host.
type hostState struct {
	role     name
	term     uint64
	abstract uint64
	down     bool
	paused   bool
}

func newFeatures(wanted trace.Features) *features {
	f := &features{
		wanted: wanted, types: map[reflect.Type]name{}, names: map[string]name{}, hosts: map[string]*hostState{},
		states: map[uint64]struct{}{}, edges: map[edge]int{}, pairs: map[pair]struct{}{},
	}
	for _, text := range []string{aClient: "client", aNode: "node", aTimer: "a timer"} {
		f.name(text)
	}
	return f
}

// name returns the name that stands for a text.
func (f *features) name(text string) name {
	n, ok := f.names[text]
	if !ok {
		n = name(len(f.texts))
		f.names[text], f.texts = n, append(f.texts, text)
	}
	return n
}

// wants reports whether features of that sort are collected.
func (f *features) wants(x trace.Features) bool { return f != nil && f.wanted&x != 0 }

// host returns the state of a host.
func (f *features) host(name string) *hostState {
	h := f.hosts[name]
	if h == nil {
		h = &hostState{role: aClient}
		if name != "" && name[0] == 'n' {
			h.role = aNode
		}
		f.hosts[name] = h
	}
	return h
}

// kindOf names the kind of a message.
func (f *features) kindOf(body any) name {
	switch body := body.(type) {
	case trace.Typed:
		return f.name(body.MessageType())
	case Segment:
		return f.name("segment " + body.Control)
	}
	t := reflect.TypeOf(body)
	n, ok := f.types[t]
	if !ok {
		n = f.name(fmt.Sprint(t))
		f.types[t] = n
	}
	return n
}

// sent notes that a message is sent because of another one.
func (f *features) sent(s *Sent) {
	if !f.wants(trace.Edges) {
		return
	}
	first := aTimer
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
	f.edges[edge{kind, f.host(s.m.From).role, f.host(s.m.To).role, f.name(string(why)), s.m.Reply}]++
	if why == "" {
		f.arrivedID, f.arrivedKind = s.m.ID, kind
	}
}

// event notes an event, and reports whether it is of those that are kept.
func (f *features) event(e trace.Event) bool {
	h := f.host(e.Host)
	switch e.Kind {
	case trace.Role:
		role := f.name(e.Text)
		if h.role == role && h.term == e.Term {
			return false
		}
		h.role, h.term = role, e.Term
	case trace.Crash:
		*h = hostState{role: aNode, down: true}
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
		if h.role == aClient {
			continue
		}
		ahead := int64(-1)
		if h.term > 0 {
			ahead = int64(min(h.term-least, mostTerms))
		}
		k := keyed.New(h.abstract, f.texts[h.role]).Int(ahead)
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
		k := keyed.New(1, f.texts[e.kind], f.texts[e.from], f.texts[e.to], f.texts[e.lost]).Int(int64(bits.Len(uint(n))))
		if e.reply {
			k = k.With("reply")
		}
		all = append(all, k.Uint64())
	}
	for p := range f.pairs { // order: sorted below
		all = append(all, keyed.New(2, f.texts[p.first], f.texts[p.then], f.texts[p.role]).Uint64())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Follows reports whether messages are followed: unless states are all that is recorded.
func (r *Recorder) Follows() bool {
	return r != nil && (r.features == nil || r.features.wants(trace.Edges))
}

// Words is [Words], for what is described; nothing is of features.
func (r *Recorder) Words(fault any) string {
	if r.features != nil {
		return ""
	}
	return Words(fault)
}

// Wants reports whether features of that sort are recorded.
func (r *Recorder) Wants(f trace.Features) bool { return r != nil && r.features.wants(f) }

// State notes in which state a node says to be.
func (r *Recorder) State(host string, abstract uint64) { r.features.state(host, abstract) }
