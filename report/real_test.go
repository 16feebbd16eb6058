package report_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/internal/wording"
)

// realRuns are runs of the shipped systems that are invalid: what "capsize run" shows of them.
var realRuns = []struct {
	system, bug, nemesis string
	seed                 uint64
}{
	{"raftkv", "lease-reads", "leader", 1},
	{"raftkv", "ack-before-sync", "crash", 1},
	{"raftkv", "no-dedup", "lossy", 1},
	{"raftkv", "unsafe-members", "reshuffle", 1},
	{"raftkv", "local-reads", "partition", 1},
	{"raftkv", "stale-vote", "straggler", 1},
	{"quorumkv", "timeout-is-failure", "partition", 1},
	{"quorumkv", "drop-hints", "partition", 2},
	{"primarykv", "no-fencing", "partition", 1},
	{"chainkv", "dirty-reads", "partition", 1},
	{"registerkv", "one-phase-writes", "partition", 1},
	{"crdtkv", "remove-wins", "partition", 1},
}

// realRun makes one of them.
func realRun(t *testing.T, i int) report.Run {
	t.Helper()
	row := realRuns[i]
	sys, err := systems.Find(row.system)
	require.NoError(t, err)
	system, known, err := sys.Build(row.bug)
	require.NoError(t, err)
	nem, err := systems.FindNemesis(row.nemesis)
	require.NoError(t, err)
	workload := sys.Workload
	if workload == "" {
		workload = "register"
	}
	duration := time.Minute
	if row.system == "crdtkv" {
		duration = 12 * time.Second
	}
	r, err := capsize.Exec(t.Context(), t, capsize.Test{System: system, Workload: known[workload], Nemesis: nem, Seed: row.seed, Duration: duration, Timeout: 500 * time.Millisecond})
	require.NoError(t, err)
	run, err := r.Page("capsize run")
	require.NoError(t, err)
	require.Equal(t, checker.Invalid, run.Verdict, "%+v", row)
	run.Wall, run.CPU = 0, 0
	return run
}

// TestAccountsOfRealRuns compares what happened, as the report says it, with the text that was read and approved.
func TestAccountsOfRealRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	var all strings.Builder
	for i, row := range realRuns {
		run := realRun(t, i)
		lines := report.AccountOf(run, 100)
		assert.LessOrEqual(t, len(lines), 8)
		fmt.Fprintf(&all, "%s %s, nemesis %s, seed %d\n\n%s\n\n", row.system, row.bug, row.nemesis, row.seed, strings.Join(lines, "\n"))
		var page bytes.Buffer
		require.NoError(t, report.HTML(&page, run))
		picture := diagramOf(page.String())
		if row.system == "crdtkv" { // its account is about final reads, which no message explains
			continue
		}
		require.NotEmpty(t, picture, "%+v", row)
		assert.LessOrEqual(t, strings.Count(picture, `<g class="msg `), 300)
		arrowsGoForward(t, picture)
		labelsDoNotMeet(t, picture)
	}
	file := filepath.Join("testdata", "accounts.txt")
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.WriteFile(file, []byte(all.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "go test ./report -run Accounts -update writes it")
	assert.Equal(t, string(want), all.String())
}

// TestHostileMessagesAreInert has markup and control characters wherever a message or an event has text.
func TestHostileMessagesAreInert(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	const attack = `"><script>alert(1)</script>&<!--'` + "\x1b[31m\u202e\x00\xff\n]]>"
	run := realRun(t, 0)
	for i := range run.Trace.Messages {
		m := &run.Trace.Messages[i]
		m.Name, m.Text, m.Fault, m.Protocol = attack, attack+strings.Repeat("long ", 2000), attack, attack
		if i%3 == 0 {
			m.Lost = attack
		}
	}
	for i := range run.Trace.Events {
		run.Trace.Events[i].Text, run.Trace.Events[i].Fault = "leader "+attack, attack
	}
	for i := range run.Trace.Standing {
		run.Trace.Standing[i].Text = "leader " + attack
	}
	run.Findings = append(run.Findings, report.Finding{Host: attack, What: attack, At: time.Second})
	var page bytes.Buffer
	require.NoError(t, report.HTML(&page, run))
	picture := diagramOf(page.String())
	require.NotEmpty(t, picture)
	labelsDoNotMeet(t, picture)
	assert.NotContains(t, page.String(), "<script")
	assert.NotContains(t, page.String(), "\x1b")
	assert.Less(t, page.Len(), 2<<20)
	for _, line := range report.AccountOf(run, 100) {
		assert.NotContains(t, line, "\x1b")
	}
	dir := t.TempDir()
	_, err := report.Write(dir, run)
	require.NoError(t, err)
	for _, name := range []string{"messages.svg", "why.svg"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		dec := xml.NewDecoder(bytes.NewReader(text))
		for err = error(nil); err == nil; {
			_, err = dec.Token()
		}
		assert.ErrorIs(t, err, io.EOF, name)
		assert.Contains(t, string(text), "prefers-color-scheme:dark")
	}
}

// diagramOf returns the diagram of the messages in a page; empty if it has none.
func diagramOf(page string) string {
	_, rest, ok := strings.Cut(page, `<svg class="messages"`)
	if !ok {
		return ""
	}
	picture, _, _ := strings.Cut(rest, "</svg>")
	return `<svg class="messages"` + picture + "</svg>"
}

var segment = regexp.MustCompile(`^M([\d.-]+) [\d.-]+L([\d.-]+) [\d.-]+$`)

// arrowsGoForward is Lamport's condition: nothing is received before it was sent.
func arrowsGoForward(t *testing.T, picture string) {
	t.Helper()
	n := 0
	for _, group := range strings.Split(picture, "<g ")[1:] {
		if !strings.HasPrefix(group, `class="msg`) {
			continue
		}
		for _, path := range regexp.MustCompile(` d="([^"]*)"`).FindAllStringSubmatch(group, -1) {
			m := segment.FindStringSubmatch(path[1])
			if m == nil {
				continue
			}
			n++
			from, err := strconv.ParseFloat(m[1], 64)
			require.NoError(t, err)
			to, err := strconv.ParseFloat(m[2], 64)
			require.NoError(t, err)
			assert.LessOrEqual(t, from, to, group)
		}
	}
	assert.Positive(t, n)
}

// sizes are the font sizes of the style sheet, by class; all others have 12 pixels.
var sizes = map[string]float64{"t": 11, "seg": 12.5, "lane": 13, "lane cl": 12.5, "f": 11.5, "me": 11.5, "rl lead": 11.5, "rl stale": 11.5, "dn": 11.5, "cn": 12.5, "cn bad": 13.5, "cm": 11.5}

type label struct {
	text           string
	x0, y0, x1, y1 float64
}

// labelsDoNotMeet finds texts of a picture that cover each other, or leave it.
func labelsDoNotMeet(t *testing.T, picture string) {
	t.Helper()
	var svg struct {
		ViewBox string `xml:"viewBox,attr"`
		Texts   []struct {
			Class  string  `xml:"class,attr"`
			X      float64 `xml:"x,attr"`
			Y      float64 `xml:"y,attr"`
			Anchor string  `xml:"text-anchor,attr"`
			Text   string  `xml:",chardata"`
		} `xml:"text"`
	}
	require.NoError(t, xml.Unmarshal([]byte(picture), &svg))
	width, err := strconv.ParseFloat(strings.Fields(svg.ViewBox)[2], 64)
	require.NoError(t, err)
	var all []label
	for _, x := range svg.Texts {
		px, ok := sizes[x.Class]
		if !ok {
			px = 12
		}
		w := wording.Width(x.Text, px)
		l := label{x.Text, x.X, x.Y - 0.7*px, x.X + w, x.Y + 0.2*px}
		switch x.Anchor {
		case "end":
			l.x0, l.x1 = x.X-w, x.X
		case "middle":
			l.x0, l.x1 = x.X-w/2, x.X+w/2
		}
		assert.GreaterOrEqual(t, l.x0, -1.0, l.text)
		assert.LessOrEqual(t, l.x1, width+1, l.text)
		for _, o := range all {
			meet := l.x0 < o.x1-0.5 && o.x0 < l.x1-0.5 && l.y0 < o.y1 && o.y0 < l.y1
			assert.False(t, meet, "%q and %q", l.text, o.text)
		}
		all = append(all, l)
	}
	assert.Greater(t, len(all), 5)
}
