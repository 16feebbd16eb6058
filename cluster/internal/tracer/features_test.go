package tracer_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster/internal/tracer"
	"github.com/capsize-go/capsize/cluster/trace"
)

type vote struct{ refused bool }

func (v vote) MessageType() string {
	if v.refused {
		return "no vote"
	}
	return "vote"
}

// A step of a run that is recorded.
type step func(r *tracer.Recorder)

func role(host, role string, term uint64) step {
	return func(r *tracer.Recorder) {
		r.Event(trace.Event{At: time.Second, Host: host, Kind: trace.Role, Text: role, Term: term})
	}
}

func event(host string, kind trace.Kind) step {
	return func(r *tracer.Recorder) { r.Event(trace.Event{At: time.Second, Host: host, Kind: kind}) }
}

func state(host string, abstract uint64) step {
	return func(r *tracer.Recorder) { r.State(host, abstract) }
}

func message(from, to string, body any, lost trace.Loss) step {
	return func(r *tracer.Recorder) {
		s := tracer.Message(body)
		r.Send(time.Second, s, from, to)
		s.Leaves(time.Second)
		s.Arrives(time.Second, lost)
	}
}

// record returns the features of some steps.
func record(wanted trace.Features, steps ...step) *trace.Trace {
	r := tracer.New(trace.Window{Features: wanted})
	for _, s := range steps {
		s(r)
	}
	r.Restored(2 * time.Second)
	return r.Trace(nil)
}

// TestFeatures compares the features of runs, which differ in one thing or in nothing of interest.
func TestFeatures(t *testing.T) {
	for _, tc := range []struct {
		name   string
		wanted trace.Features
		a, b   []step
		same   bool
	}{
		{"nodes that change places", trace.States, []step{role("n1", "leader", 2), role("n2", "follower", 2)}, []step{role("n2", "leader", 2), role("n1", "follower", 2)}, true},
		{"terms that are larger by one", trace.States, []step{role("n1", "leader", 2), role("n2", "follower", 2)}, []step{role("n1", "leader", 3), role("n2", "follower", 3)}, true},
		{"a term that is ahead", trace.States, []step{role("n1", "follower", 2), role("n2", "leader", 2)}, []step{role("n1", "follower", 2), role("n2", "leader", 3)}, false},
		{"another role", trace.States, []step{role("n1", "leader", 2)}, []step{role("n1", "candidate", 2)}, false},
		{"a crash", trace.States, []step{role("n1", "leader", 2)}, []step{role("n1", "leader", 2), event("n1", trace.Crash)}, false},
		{"a pause", trace.States, []step{role("n1", "leader", 2)}, []step{role("n1", "leader", 2), event("n1", trace.Pause)}, false},
		{"what a node says of itself", trace.States, []step{state("n1", 1)}, []step{state("n1", 2)}, false},
		{"messages, where states are wanted", trace.States, nil, []step{message("n1", "n2", vote{}, "")}, true},
		{"hosts of one role", trace.Edges, []step{message("n1", "n2", vote{}, "")}, []step{message("n3", "n1", vote{}, "")}, true},
		{"hosts of another role", trace.Edges, []step{message("n1", "n2", vote{}, "")}, []step{message("c1", "n1", vote{}, "")}, false},
		{"a leader", trace.Edges, []step{message("n1", "n2", vote{}, "")}, []step{role("n1", "leader", 1), message("n1", "n2", vote{}, "")}, false},
		{"a message of another type", trace.Edges, []step{message("n1", "n2", vote{}, "")}, []step{message("n1", "n2", 1, "")}, false},
		{"a message of another kind", trace.Edges, []step{message("n1", "n2", vote{}, "")}, []step{message("n1", "n2", vote{true}, "")}, false},
		{"another fate", trace.Edges, []step{message("n1", "n2", vote{}, "")}, []step{message("n1", "n2", vote{}, trace.Cut)}, false},
		{"another cause", trace.Edges, []step{message("n1", "n2", 1, ""), message("n3", "n1", vote{}, "")}, []step{message("n1", "n2", 1, ""), message("n2", "n1", vote{}, "")}, false},
	} {
		a, b := record(tc.wanted, tc.a...), record(tc.wanted, tc.b...)
		assert.Equal(t, tc.same, assert.ObjectsAreEqual(a.Features, b.Features), tc.name)
		assert.Empty(t, b.Messages, tc.name)
	}
}

// TestFeaturesKeepEvents asks for the events that a plan may be moved to.
func TestFeaturesKeepEvents(t *testing.T) {
	got := record(trace.Edges|trace.States, role("n1", "leader", 1), role("n1", "leader", 1), event("n2", trace.Sync), event("n1", trace.Crash), event("n1", trace.Restart))
	require.Len(t, got.Events, 3)
	assert.NotEmpty(t, got.Features)
	assert.True(t, trace.Window{Features: trace.Edges}.On())
	assert.Empty(t, trace.Window{Features: trace.Edges}.String())
}
