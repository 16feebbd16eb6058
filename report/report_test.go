package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/capsize-go/capsize/history"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, got, 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "go test ./report -update writes it")
	if !bytes.Equal(want, got) {
		t.Errorf("%s is not what it was; go test ./report -update accepts the change\n%s", file, firstDifference(string(want), string(got)))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return "line " + strconv.Itoa(i+1) + "\nwant " + cut(w[i], 300) + "\ngot  " + cut(g[i], 300)
		}
	}
	return "one is the beginning of the other"
}

func TestGolden(t *testing.T) {
	for name, run := range cases() {
		t.Run(name, func(t *testing.T) {
			golden(t, name+".txt", []byte(text(run, Style{})+"\n"+overviewText(run, Style{})))
		})
	}
	for _, name := range []string{"open", "findings", "nothing", "other"} {
		t.Run(name+" page", func(t *testing.T) {
			golden(t, name+".html", pageOf(t, cases()[name]))
		})
	}
}

func pageOf(t *testing.T, run Run) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, HTML(&b, run))
	return b.Bytes()
}

func TestSameRunGivesTheSameBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	first, second := cases(), cases()
	for name := range first {
		a, b := first[name], second[name]
		assert.Equal(t, text(a, Style{})+overviewText(a, Style{}), text(b, Style{})+overviewText(b, Style{}), name)
		assert.True(t, bytes.Equal(pageOf(t, a), pageOf(t, b)), name)
	}
}

func TestNoLineIsWiderThanAsked(t *testing.T) {
	for name, run := range cases() {
		run.Rerun, run.ReportPath, run.SavedPath, run.Note = "", "", "", "" // of no use in pieces
		for i := range run.Findings {
			run.Findings[i].Stack = ""
		}
		for _, width := range []int{0, 10, 60, 73, 80, 120, 250} {
			s := Style{Width: width}
			for _, line := range strings.Split(text(run, s)+overviewText(run, s), "\n") {
				assert.LessOrEqual(t, utf8.RuneCountInString(line), s.width(), "%s: %s", name, line)
			}
		}
	}
}

func TestColoursOnlyWhenAsked(t *testing.T) {
	escape := regexp.MustCompile("\x1b\\[[0-9]+m")
	for name, run := range cases() {
		plain := text(run, Style{}) + overviewText(run, Style{})
		colored := text(run, Style{Color: true}) + overviewText(run, Style{Color: true})
		assert.NotContains(t, plain, "\x1b", name)
		strip := func(s string) string { return regexp.MustCompile(` +\n`).ReplaceAllString(s, "\n") }
		assert.Equal(t, strip(plain), strip(escape.ReplaceAllString(colored, "")), name)
	}
	assert.Contains(t, text(oneRun(), Style{Color: true}), "\x1b[31m")
}

// TestPage checks of every page what a machine can: that it asks the network for
// nothing, runs no script, lets nothing from outside become markup, and that its
// pictures are well-formed.
func TestPage(t *testing.T) {
	for name, run := range cases() {
		t.Run(name, func(t *testing.T) {
			p := string(pageOf(t, run))
			assert.NotContains(t, p, "<script")
			assert.NotContains(t, p, "http:")
			assert.NotContains(t, p, "https:")
			assert.NotContains(t, p, "javascript:alert(1)\"")
			assert.NotContains(t, p, "NaN")
			assert.NotContains(t, p, "Inf ")
			assert.NotContains(t, p, "ZgotmplZ")
			assert.True(t, utf8.ValidString(p))
			for _, control := range []string{"\x1b", "\x00", "\u202e"} {
				assert.NotContains(t, p, control)
			}
			for _, s := range pictures(p) {
				wellFormed(t, s)
			}
		})
	}
}

func pictures(page string) []string {
	return regexp.MustCompile(`(?s)<svg class="(?:wide|mid|slim).*?</svg>`).FindAllString(page, -1)
}

func wellFormed(t *testing.T, s string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}

var (
	textElement = regexp.MustCompile(`<text class="([^"]*)" x="([^"]*)" y="([^"]*)"(?: text-anchor="(\w+)")?>([^<]*)</text>`)
	viewBox     = regexp.MustCompile(`viewBox="0 0 ([0-9.]+) ([0-9.]+)"`)
)

// A box is where a label is.
type box struct {
	left, right, y float64
	text           string
}

func labels(t *testing.T, picture string) []box {
	t.Helper()
	number := func(s string) float64 {
		f, err := strconv.ParseFloat(s, 64)
		require.NoError(t, err)
		return f
	}
	var all []box
	for _, m := range textElement.FindAllStringSubmatch(picture, -1) {
		size := 12.0
		switch {
		case strings.HasPrefix(m[1], "s "):
			size = 10
		case m[1] == "t" && !strings.Contains(picture, `why" role`), m[1] == "f":
			size = 11
		}
		text := strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(m[5])
		w, x := textWidth(text, size)*0.93, number(m[2]) // a label is somewhat narrower than it is taken for
		b := box{x, x + w, number(m[3]), text}
		switch m[4] {
		case "end":
			b = box{x - w, x, b.y, text}
		case "middle":
			b = box{x - w/2, x + w/2, b.y, text}
		}
		all = append(all, b)
	}
	return all
}

func TestLabelsDontMeetAndAreNotCut(t *testing.T) {
	for name, run := range cases() {
		for _, p := range pictures(string(pageOf(t, run))) {
			width, err := strconv.ParseFloat(viewBox.FindStringSubmatch(p)[1], 64)
			require.NoError(t, err)
			all := labels(t, p)
			for i, a := range all {
				assert.GreaterOrEqual(t, a.left, -1.0, "%s: %q of %v", name, a.text, width)
				assert.LessOrEqual(t, a.right, width+1, "%s: %q of %v", name, a.text, width)
				for _, b := range all[:i] {
					meet := a.left < b.right && b.left < a.right && a.y-b.y < 9 && b.y-a.y < 9
					assert.False(t, meet, "%s, width %v: %q meets %q", name, width, a.text, b.text)
				}
			}
		}
	}
}

func TestPageOfALongRunIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	run := invalidRun(400)
	run.History = noise(100_000, 1000)
	p := pageOf(t, run)
	t.Logf("page of 100,000 calls: %d bytes", len(p))
	assert.Less(t, len(p), 2_000_000)
	assert.Contains(t, string(p), "answered calls are drawn as a density")
}

// noise makes n calls of clients with every latency and outcome, which no two
// calls share.
func noise(n, clients int) *history.History {
	r := rand.New(rand.NewPCG(3, 4))
	var calls []history.Call
	for i := range n {
		at := time.Duration(r.Int64N(int64(35 * time.Second)))
		took := time.Duration(1 << r.IntN(32) * (1 + r.IntN(1000)))
		c := call(i%clients, at, at+took, history.Type(1+r.IntN(3)), testOp{F: "read", Key: "k2"}, i)
		c.Invoke.Process = i // each call a process of its own, so that they may overlap
		c.Complete.Process = i
		calls = append(calls, c)
	}
	return merged(calls...)
}
