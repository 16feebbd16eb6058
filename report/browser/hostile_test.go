package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report"
)

// attacks are texts of users that do harm where they are not text.
var attacks = map[string]string{
	"script":    `<script>window.__x=1</script>`,
	"image":     `"><img src=x onerror="window.__x=1">`,
	"closing":   `</title></style></svg></pre><script>alert(1)</script>`,
	"attribute": `' onmouseover='window.__x=1' "onfocus="window.__x=1" autofocus`,
	"style":     `}*{display:none}/*`,
	"url":       `javascript:window.__x=1`,
	"template":  `{{.Rerun}} ${window.__x=1}`,
	"entity":    `&lt;b&gt; &amp;&#x6a;`,
}

// TestHostile opens pages whose names, keys, values and errors are hostile: they stay text, and are whole.
func TestHostile(t *testing.T) {
	needBrowser(t)
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) {
			p := open(t, writeHostile(t, name, attack, attack))
			checkInert(t, p)
			text := eval[string](p, `document.body.textContent`)
			assert.GreaterOrEqual(t, strings.Count(text, attack), 5, "the text is whole where it is shown")
			assert.Empty(t, eval[[]string](p, `probe.tooWide()`))
			checkLinks(t, p)
			checkQuiet(t, p)
			alone := open(t, folder(p.file)("why.svg"))
			assert.Equal(t, "svg", eval[string](alone, `document.documentElement.tagName`), "why.svg is no XML")
			checkInert(t, alone)
			checkQuiet(t, alone)
		})
	}
}

// TestUnprintable opens a page with control characters, broken UTF-8 and a text of 10,000 characters.
func TestUnprintable(t *testing.T) {
	needBrowser(t)
	for name, value := range map[string]string{
		"control": "a\x00b\x1b[31mc\x07d\u202ee", "broken": "a\xff\xfe\xc3b", "long": strings.Repeat("0123456789", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, writeHostile(t, name, value, value))
			checkInert(t, p)
			checkPage(t, p)
			alone := open(t, folder(p.file)("why.svg"))
			assert.Equal(t, "svg", eval[string](alone, `document.documentElement.tagName`), "why.svg is no XML")
			checkQuiet(t, alone)
			text := eval[string](p, `document.body.textContent`)
			assert.NotContains(t, text, "\x1b")
			assert.NotContains(t, text, "\u202e", "what turns the direction of text")
		})
	}
}

// TestLongValue looks for a value of 10,000 characters on the page.
func TestLongValue(t *testing.T) {
	value := strings.Repeat("0123456789", 1000)
	p := open(t, writeHostile(t, "long value", "x", value))
	assert.Contains(t, eval[string](p, `document.body.textContent`), value, "the value is whole")
	checkPage(t, p)
}

// checkInert checks that no text of a user ran, or became an element.
func checkInert(t *testing.T, p *tab) {
	t.Helper()
	assert.True(t, eval[bool](p, `window.__x === undefined`), "a script of the values ran")
	assert.Zero(t, eval[int](p, `document.querySelectorAll("script, img, iframe, object, [onerror], [onmouseover], [onfocus], [autofocus]").length`))
	assert.Zero(t, eval[int](p, `[...document.querySelectorAll("a[href]")].filter(a => /^\s*javascript:/i.test(a.getAttribute("href"))).length`))
}

// writeHostile writes the report of a run with the text s wherever users have texts, and a value.
func writeHostile(t *testing.T, name, s, value string) string {
	t.Helper()
	needBrowser(t)
	at := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	h := history.Of(
		history.Op{Time: at(1), Process: 0, Node: s, Type: history.Invoke, Key: s, Input: "write " + s},
		history.Op{Time: at(4), Process: 0, Node: s, Type: history.OK, Key: s},
		history.Op{Time: at(5), Process: history.Nemesis, Type: history.Invoke, Key: "step 1", Input: s},
		history.Op{Time: at(6), Process: 1, Node: s, Type: history.Invoke, Key: s, Input: "read"},
		history.Op{Time: at(9), Process: 1, Node: s, Type: history.OK, Key: s, Output: value},
		history.Op{Time: at(10), Process: 2, Node: s, Type: history.Invoke, Key: s, Input: s},
		history.Op{Time: at(12), Process: 2, Node: s, Type: history.Fail, Key: s, Err: s},
		history.Op{Time: at(14), Process: history.Nemesis, Type: history.OK, Key: "step 1"},
	)
	why := &checker.Counterexample{Key: s, Reason: "process 1 read " + s, Note: s, Judged: 3, Blamed: 1}
	for c := range h.Calls() {
		why.Calls = append(why.Calls, c)
	}
	run := report.Run{
		Title: s, System: s, Workload: s, Nemesis: s, Bug: s, Nodes: 1, Clients: 3, Virtual: at(20), Verdict: checker.Invalid, History: h,
		Checks: []checker.Result{
			{Checker: "linearizable", Broken: "not linearizable", Verdict: checker.Invalid, Reason: why.Reason, Counterexample: why},
			{Checker: s, Verdict: checker.Valid, Reason: s},
		},
		Exercised: []report.Row{{OK: true, What: s, Note: s}}, Metrics: []report.Metric{{Name: s, Note: s}},
		Findings: []report.Finding{{Host: s, What: s, Stack: s}}, Plan: []report.Step{{ID: 1, Fault: s, Note: s}},
		Params: []report.KV{{Name: s, Value: s}}, Notes: []string{s}, Rerun: s, Note: s, Stopped: s, Snapshot: s,
	}
	file, err := report.Write(folder(shared.work)("hostile", name), run)
	require.NoError(t, err)
	return file
}
