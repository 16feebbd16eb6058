package capsize_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/examples/http"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// TestRecordingChangesNothing runs the seeds of TestDigests with a recorder of the whole run: their histories, and the hashes of all
// that happened, are those of runs that nothing records.
func TestRecordingChangesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	require.Equal(t, wantedDigests(t), recordedDigests(t, 20, trace.Window{To: time.Hour}))
}

// leaseReads is "capsize run --bug lease-reads --nemesis leader --seed 1".
func leaseReads(t *testing.T) *capsize.Result {
	t.Helper()
	store := raftkv.Store{Bugs: raftkv.LeaseReads}
	r, err := capsize.Exec(t.Context(), t, capsize.Test{
		System: store, Workload: workloads.Register(store.Open), Seed: 1, Duration: time.Minute, Timeout: 500 * time.Millisecond,
		Nemesis: nemesis.Every(10*time.Second, nemesis.Partitions(nemesis.Leader)),
	})
	require.NoError(t, err)
	require.Equal(t, checker.Invalid, r.Verdict)
	return r
}

// facts are questions to a trace.
type facts struct{ *trace.Trace }

// role returns the role of a host at an instant, with its term.
func (f facts) role(host string, at time.Duration) (role string, term uint64) {
	for _, e := range slices.Concat(f.Standing, f.Events) {
		if e.Kind == trace.Role && e.Host == host && e.At <= at {
			role, term = e.Text, e.Term
		}
	}
	return role, term
}

// messages returns the messages of a name from one host to another; "" is any.
func (f facts) messages(name, from, to string) (all []trace.Message) {
	for _, m := range f.Messages {
		if (name == "" || m.Name == name) && (from == "" || m.From == from) && (to == "" || m.To == to) {
			all = append(all, m)
		}
	}
	return all
}

// holders returns the hosts that were sent a write by appends that arrived.
func (f facts) holders(from string, x trace.Item) (hosts []string) {
	for _, m := range f.messages("append", from, "") {
		if m.Lost == "" && slices.Contains(m.Carries, x) && !slices.Contains(hosts, m.To) {
			hosts = append(hosts, m.To)
		}
	}
	slices.Sort(hosts)
	return hosts
}

// TestTraceTellsWhatHappened looks for the facts of a stale read: who led, what was cut and since when, who voted for whom, which
// messages were lost, who had the newer write, and that the node which answered asked no other one.
func TestTraceTellsWhatHappened(t *testing.T) {
	r := leaseReads(t)
	r.Explain(t.Context())
	require.Empty(t, r.Unrecorded)
	require.NotNil(t, r.Messages)
	f := facts{r.Messages}

	cut := 14234 * time.Millisecond
	role, term := f.role("n2", cut)
	assert.Equal(t, "leader", role)
	assert.Equal(t, uint64(3), term)
	var since time.Duration
	cuts := 0
	for _, e := range f.Events {
		if e.Kind == trace.Link && e.Text == "cut" && (e.Host == "n2" || e.Peer == "n2") {
			since, cuts = e.At, cuts+1
		}
	}
	assert.Equal(t, 8, cuts, "n2 from four nodes, both ways")
	assert.Equal(t, cut, since.Truncate(time.Millisecond))

	assert.Equal(t, []string{"n1", "n3", "n4", "n5"}, f.holders("n2", trace.Item{Key: "k4", Value: "1350"}))
	var voters []string
	for _, m := range f.messages("vote", "", "n4") {
		assert.Equal(t, uint64(4), m.Term)
		voters = append(voters, m.From)
	}
	assert.ElementsMatch(t, []string{"n1", "n3", "n5"}, voters)
	role, term = f.role("n4", 14706*time.Millisecond)
	assert.Equal(t, "leader", role)
	assert.Equal(t, uint64(4), term)
	role, term = f.role("n2", 14806*time.Millisecond)
	assert.Equal(t, "leader", role, "it still believes that it leads")
	assert.Equal(t, uint64(3), term)
	lost := f.messages("", "n4", "n2")
	lost = slices.DeleteFunc(lost, func(m trace.Message) bool { return m.Sent < since })
	require.NotEmpty(t, lost)
	for _, m := range lost {
		assert.Equal(t, trace.Cut, m.Lost)
		assert.Equal(t, "partition", m.Fault)
	}
	assert.Subset(t, names(lost), []string{"vote request", "append"})

	assert.Equal(t, []string{"n1", "n3", "n5"}, f.holders("n4", trace.Item{Key: "k4", Value: "974"}), "and n4 itself; n2 never had it")
	answers := f.messages("answer", "n2", "c1")
	answers = slices.DeleteFunc(answers, func(m trace.Message) bool { return m.Sent > 14806*time.Millisecond })
	stale := answers[len(answers)-1]
	assert.Equal(t, []trace.Item{{Key: "k4", Value: "1350"}}, stale.Asks)
	asked := f.messages("", "n2", "")
	asked = slices.DeleteFunc(asked, func(m trace.Message) bool { return m.Cause != stale.Cause })
	assert.Equal(t, []trace.Message{stale}, asked, "the request led to nothing but the answer")
}

func names(messages []trace.Message) (all []string) {
	for _, m := range messages {
		all = append(all, m.Name)
	}
	return all
}

// TestTraceInAFile writes a trace and reads it again.
func TestTraceInAFile(t *testing.T) {
	r := leaseReads(t)
	r.Explain(t.Context())
	var b bytes.Buffer
	require.NoError(t, r.Messages.Write(&b))
	got, err := trace.Read(&b)
	require.NoError(t, err)
	require.Equal(t, r.Messages, got)
	_, err = trace.Read(bytes.NewBufferString(`{"type":"window","from":1,"to":2}` + "\n" + `{"type":"massage"}`))
	require.EqualError(t, err, `read messages: line 2: there is no type "massage"`)
}

// TestRecordOfFinding records the second before a panic, which has no counterexample.
func TestRecordOfFinding(t *testing.T) {
	r := run(t, echo{reply: func(h *cluster.Host, req int) int {
		if h.Clock().Monotonic() > 1500*time.Millisecond {
			panic("boom")
		}
		return req
	}}, nil)
	require.Equal(t, checker.Invalid, r.Verdict)
	f := finding(t, r)
	require.Positive(t, f.At)
	p, err := r.Page("")
	require.NoError(t, err)
	require.NotNil(t, p.Trace)
	assert.Equal(t, f.At-1200*time.Millisecond, p.Trace.From)
	assert.Equal(t, f.At+200*time.Millisecond, p.Trace.To)
	last := p.Trace.Messages[0]
	for _, m := range p.Trace.Messages {
		if m.To == f.Host && m.Lost == "" && m.At <= f.At {
			last = m
		}
	}
	assert.Equal(t, f.At, last.At, "the message that it died of")
	assert.Empty(t, p.Notes)
}

// TestRecordOfAnother shows no messages of a run that has another history.
func TestRecordOfAnother(t *testing.T) {
	calls := 0
	r := run(t, echo{reply: func(_ *cluster.Host, req int) int { calls++; return req / 2 * calls }}, nil)
	require.Equal(t, checker.Invalid, r.Verdict)
	p, err := r.Page("")
	require.NoError(t, err)
	require.Nil(t, p.Trace)
	require.Equal(t, []string{fmt.Sprintf("The messages are not shown: the run of seed %d that recorded them has another history than this one.", r.Seed)}, p.Notes)
	before := calls
	r.Explain(t.Context())
	require.Equal(t, before, calls, "it is not tried again")
}

// TestRecordOfSecondRun has a run that is made anyway record what led to the counterexample, so that Explain needs none.
func TestRecordOfSecondRun(t *testing.T) {
	r := run(t, echo{}, nil)
	w := r.Window(t.Context())
	require.False(t, w.On(), "a run that is valid")
	r.Explain(t.Context())
	require.Nil(t, r.Messages)

	r = run(t, echo{reply: func(_ *cluster.Host, req int) int { return req / 2 }}, nil)
	test := r.Test
	test.Record = r.Window(t.Context())
	require.True(t, test.Record.On())
	second, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	r.Adopt(second)
	require.Same(t, second.Messages, r.Messages)
	r.Explain(t.Context())
	require.Same(t, second.Messages, r.Messages)
}

// TestRecordingChangesNoSchedule records runs of a system with goroutines: with a deterministic runtime they take the same turns, with or
// without a recorder. Without one only the history is compared.
func TestRecordingChangesNoSchedule(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	store := http.Store{CacheFor: 100 * time.Millisecond}
	test := capsize.Test{
		System: store, Workload: workloads.Register(store.Open), Nodes: 3, Duration: 5 * time.Second,
		Nemesis: nemesis.Every(2*time.Second, nemesis.Partitions(), nemesis.Lossy(0.1), nemesis.Crashes()),
	}
	for seed := uint64(1); seed <= 4; seed++ {
		test.Seed, test.Record = seed, trace.Window{}
		_, err := capsize.Exec(t.Context(), t, test) // fills the caches of libraries
		require.NoError(t, err)
		off, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		test.Record = trace.Window{To: time.Hour}
		on, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		test.Record = trace.Window{}
		again, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		require.Empty(t, off.Diff(again), "they are alike without a recorder")
		require.Empty(t, off.Diff(on))
		f := facts{on.Messages}
		requests := f.messages("request", "", "n1")
		require.NotEmpty(t, requests)
		for _, m := range requests {
			require.Equal(t, trace.HTTP, m.Protocol)
			require.Regexp(t, `^(GET|PUT) /`, m.Text)
		}
		require.NotEmpty(t, f.messages("response", "n1", ""))
	}
}

// TestRecordOfHang records what came before a goroutine waited for a lock that nothing releases: both runs are cut short there.
func TestRecordOfHang(t *testing.T) {
	var mu sync.Mutex
	mu.Lock()
	defer mu.Unlock()
	r := run(t, echo{boot: func(_ context.Context, h *cluster.Host) {
		if h.Name() == "n1" {
			go func() {
				_ = h.Sleep(time.Second)
				mu.Lock()
				defer mu.Unlock()
				_ = h.Name()
			}()
		}
	}}, func(test *capsize.Test) { test.Stall = 300 * time.Millisecond })
	require.Equal(t, checker.Invalid, r.Verdict)
	f := finding(t, r)
	r.Explain(t.Context())
	require.Empty(t, r.Unrecorded)
	require.NotNil(t, r.Messages)
	require.NotEmpty(t, r.Messages.Messages)
	require.LessOrEqual(t, r.Messages.From, f.At)
	require.GreaterOrEqual(t, r.Messages.To, f.At)
}

// TestRecordOfNoProgress records the last second before the run was to have settled.
func TestRecordOfNoProgress(t *testing.T) {
	r := run(t, echo{reply: func(h *cluster.Host, req int) int {
		if h.Name() == "n2" && h.Clock().Monotonic() > 2*time.Second {
			_ = h.Sync()
			for range 10 {
				_ = h.Sync() // it is busy for longer than clients wait
			}
		}
		return req
	}}, func(test *capsize.Test) { test.Timeout = time.Millisecond })
	require.Equal(t, checker.Invalid, r.Verdict, r.Reason)
	r.Explain(t.Context())
	require.NotNil(t, r.Messages)
	final := r.Phases[len(r.Phases)-2]
	require.Equal(t, "final", final.Name)
	require.Equal(t, final.At+200*time.Millisecond, r.Messages.To)
	require.NotEmpty(t, r.Messages.Messages)
}
