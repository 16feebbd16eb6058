package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

var (
	anID   = regexp.MustCompile(` id="([^"]*)"`)
	aLink  = regexp.MustCompile(` href="#([^"]*)"`)
	aStyle = regexp.MustCompile(`(?:left|width|right):(-?[0-9.]+)%`)
)

// TestLinksOfThePageHaveTargets has every link within a page lead somewhere, and to one place.
func TestLinksOfThePageHaveTargets(t *testing.T) {
	for name, run := range cases() {
		p := string(pageOf(t, run))
		ids := map[string]bool{}
		for _, m := range anID.FindAllStringSubmatch(p, -1) {
			assert.False(t, ids[m[1]], "%s: two elements are %s", name, m[1])
			ids[m[1]] = true
		}
		for _, m := range aLink.FindAllStringSubmatch(p, -1) {
			assert.True(t, ids[m[1]], "%s: #%s leads nowhere", name, m[1])
		}
		for _, m := range aStyle.FindAllStringSubmatch(p, -1) {
			x, err := strconv.ParseFloat(m[1], 64)
			require.NoError(t, err)
			assert.True(t, x >= 0 && x <= 100, "%s: %s", name, m[0])
		}
	}
}

// TestCallsLeadToTheirLinesAndBack has each call of the counterexample be a bar and a line, with the number that it has
// in history.jsonl.
func TestCallsLeadToTheirLinesAndBack(t *testing.T) {
	run := invalidRun(400)
	p := string(pageOf(t, run))
	var file bytes.Buffer
	require.NoError(t, run.History.Write(&file))
	lines := strings.Split(file.String(), "\n")
	for _, c := range run.why().Calls {
		n := slices.IndexFunc(lines, func(line string) bool {
			var op struct {
				Time    time.Duration
				Process any
				Type    string
			}
			return json.Unmarshal([]byte(line), &op) == nil && op.Time == c.Invoke.Time && fmt.Sprint(op.Process) == fmt.Sprint(c.Invoke.Process) && op.Type == "invoke"
		}) + 1
		require.Positive(t, n)
		assert.Contains(t, p, fmt.Sprintf(`id="call-%d" href="#line-%d"`, n, n), "the bar")
		assert.Contains(t, p, fmt.Sprintf(`<tr id="line-%d" class="mine">`, n), "the line")
		assert.Contains(t, p, fmt.Sprintf(`<a href="#call-%d"`, n), "the way back")
		assert.Contains(t, p, fmt.Sprintf(`<a href="#line-%d" aria-label="line %[1]d: process`, n), "its mark in the run")
		text := strings.ReplaceAll(lines[n-1], `"`, "&#34;")
		assert.Contains(t, p, text, "the line as it is in the file")
	}
	assert.Contains(t, p, `✗ read → <mark>23</mark>`, "what is wrong is marked")
	assert.Contains(t, p, `&#34;output&#34;:<mark>23</mark>`)
}

// TestAroundShowsTheCounterexampleFirst has its calls be in front, each with its label, on a scale that leaves idle time out.
func TestAroundShowsTheCounterexampleFirst(t *testing.T) {
	run := openRun()
	why := run.why()
	v := newAround(run, why, nil)
	require.GreaterOrEqual(t, len(v.Lanes), len(why.Calls))
	for i := range v.Lanes {
		assert.Equal(t, i < len(why.Calls), v.Lanes[i].Label != "", "lane %d", i)
	}
	assert.NotEmpty(t, v.Cuts)
	assert.Contains(t, v.Cuts[0].Text, "⋯")
	assert.Contains(t, v.Cuts[0].Title, "left out, from ")
	wide, slim := 0, 0
	for _, tick := range v.Ticks {
		wide, slim = wide+strings.Count(tick.Kind, " w"), slim+strings.Count(tick.Kind, " s")
	}
	assert.Greater(t, wide, 3)
	assert.GreaterOrEqual(t, wide, slim)
	for _, l := range v.Lanes {
		for _, b := range l.Bars {
			assert.NotEmpty(t, b.Number, "each bar has the number of its line")
			assert.Contains(t, b.Title, "line "+b.Number)
		}
	}
}

// TestAroundIsThinned bounds the calls around a counterexample in a run with very many.
func TestAroundIsThinned(t *testing.T) {
	run := invalidRun(400)
	proof := run.why().Calls
	var calls []history.Call
	for i := range 20_000 {
		at := 5400*ms + time.Duration(i)*5*time.Microsecond
		calls = append(calls, call(1000+i%500, at, at+time.Millisecond, history.OK, testOp{F: "read", Key: "k2"}, i))
	}
	run.History = merged(append(calls, proof...)...)
	why := *run.why()
	why.Calls = recorded(run.History, proof...)
	v := newAround(run, &why, nil)
	assert.LessOrEqual(t, len(v.Lanes), maxAroundLanes+len(why.Calls))
	assert.LessOrEqual(t, len(v.calls), maxAround)
	assert.NotEmpty(t, v.calls)
	assert.Contains(t, v.Note, "further calls left out")
}

// TestPagesOfUnusualHistories has no page say nonsense: without times, from an epoch, of one call, of none.
func TestPagesOfUnusualHistories(t *testing.T) {
	ordered := invalidRun(400)
	ordered.Ordered, ordered.Recorded, ordered.Virtual = true, true, 0
	ordered.Phases = nil
	var ops []history.Op
	for op := range ordered.History.Ops() {
		op.Time = time.Duration(op.Index)
		ops = append(ops, op)
	}
	ordered.History = history.Of(ops...)
	why := *ordered.why()
	for i, c := range why.Calls {
		why.Calls[i] = ordered.History.CallAt(c.Invoke.Index, c.Complete.Index)
	}
	ordered.Checks[0].Counterexample = &why
	run := section(t, ordered, "run")
	assert.NotContains(t, run, "p50")
	assert.Contains(t, run, "the axis counts ops")
	assert.Regexp(t, `<span class="[^"]*" style="left:[0-9.]+%">[0-9]+</span>`, run)
	calls := section(t, ordered, "calls")
	for _, unit := range []string{"ns,", "ns<", "µs", "0.000s"} {
		assert.False(t, strings.Contains(run+calls, unit), "an order has no times, but %q", unit)
	}

	epoch := invalidRun(400)
	base := 1_700_000_000 * time.Second
	epoch.Recorded, epoch.Virtual, epoch.Phases, epoch.Checks = true, 0, nil, nil
	ops = nil
	for op := range epoch.History.Ops() {
		op.Time += base
		ops = append(ops, op)
	}
	epoch.History = history.Of(ops...)
	run = section(t, epoch, "run")
	assert.Contains(t, run, "0s is the first op")
	assert.Contains(t, run, ">10s</span>")
	assert.NotRegexp(t, `>[0-9]{4,}h`, run)

	assert.Contains(t, section(t, Run{}, "run"), "No calls were made.")
	one := section(t, oneRun(), "run")
	assert.Contains(t, one, "ok 1 ")
	assert.Contains(t, section(t, oneRun(), "calls"), "1 call of the counterexample")
}

// section returns a section of the page of a run.
func section(t *testing.T, run Run, id string) string {
	t.Helper()
	_, s, found := strings.Cut(string(pageOf(t, run)), `<section id="`+id+`"`)
	require.True(t, found, id)
	s, _, _ = strings.Cut(s, "</section>")
	return s
}

func TestMarkWrong(t *testing.T) {
	marked := func(text, reason string) string {
		s := ""
		for _, p := range markWrong(text, " → ", reason) {
			if p.Wrong {
				s += "<" + p.Text + ">"
				continue
			}
			s += p.Text
		}
		return s
	}
	for _, c := range []struct{ text, reason, want string }{
		{"read → [1,5,9999]", "process 5 read 9999 on x, which was never appended", "read → [1,5,<9999>]"},
		{"read → 23", "process 11 read 23, but 78 had replaced it 10ms before that read began", "read → <23>"},
		{"read → 123", "process 11 read 23", "read → 123"},
		{"read → [10,230]", "process 1 read 230 10ms after 7", "read → [10,<230>]"},
		{`get → "x 2"`, `process 2 read "x 2"`, `get → <"x 2">`},
		{"cas 5 → 6", "", "cas 5 → 6"},
		{"write 23", "process 1 wrote 24", "write 23"},
	} {
		assert.Equal(t, c.want, marked(c.text, c.reason))
	}
}

// manyCalls makes a run of n calls in which one read is stale.
func manyCalls(n int) Run {
	h := new(history.History)
	h.Grow(2 * n)
	gap := 60 * time.Second / time.Duration(n)
	ops := make([]history.Op, 0, 2*n)
	for i := range n {
		at := time.Duration(i) * gap
		typ := history.OK
		if i%50 == 49 {
			typ = history.Info
		}
		c := call(i%10, at, at+gap*9, typ, testOp{F: "write", Key: "k2", Value: i}, 0)
		ops = append(ops, c.Invoke)
		if i >= 9 {
			done := call((i-9)%10, at, at, typ, testOp{F: "write", Key: "k2", Value: i}, 0).Complete
			ops = append(ops, done)
		}
	}
	for _, op := range ops {
		h.Add(op)
	}
	var calls []history.Call
	for c := range h.Calls() {
		if calls = append(calls, c); len(calls) == 3 {
			break
		}
	}
	return Run{Title: "many", Seed: 1, Verdict: checker.Invalid, History: h, Virtual: time.Minute,
		Checks: []checker.Result{{Checker: "linearizable", Broken: "not linearizable", Verdict: checker.Invalid,
			Counterexample: &checker.Counterexample{Key: "k2", Reason: "process 1 wrote 1 twice", Calls: calls, Blamed: 2, Judged: n}}}}
}

// TestPageOfAMillionCalls writes the page of a million calls: it is small, says what it thins, and takes memory of the
// order of the history's own.
func TestPageOfAMillionCalls(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	run := manyCalls(1_000_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p := pageOf(t, run)
	runtime.ReadMemStats(&after)
	t.Logf("%d bytes, %d MB allocated in all", len(p), (after.TotalAlloc-before.TotalAlloc)>>20)
	assert.Less(t, len(p), 300_000)
	assert.Contains(t, string(p), "answered calls are drawn as a density")
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<30))
}

func BenchmarkHTML(b *testing.B) {
	for _, n := range []int{5_000, 100_000, 1_000_000} {
		run := manyCalls(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := HTML(io.Discard, run); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
