package browser

import (
	"regexp"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFilters unchecks each filter of the diagram, and sees that its messages go, and come back.
func TestFilters(t *testing.T) {
	p := open(t, findings[0].make(t).file)
	ids := eval[[]string](p, `[...document.querySelectorAll(".filters input")].map(i => i.id)`)
	require.GreaterOrEqual(t, len(ids), 3)
	for _, id := range ids {
		kind := `svg.messages .msg.` + id[len("f-"):] + `:not(.hot)`
		checked := eval[bool](p, `document.getElementById("`+id+`").checked`)
		count := func() int { return eval[int](p, `probe.shown(`+quote(kind)+`)`) }
		hot := eval[int](p, `probe.shown("svg.messages .msg.hot:not(.lost)")`)
		before := count()
		p.do(chromedp.Click(chromedp.CSS(`#` + id)))
		after := count()
		if checked {
			assert.Positive(t, before, "%s is checked, and shows nothing", id)
			assert.Zero(t, after, "%s is unchecked", id)
		} else {
			assert.Zero(t, before, "%s is not checked", id)
			assert.Positive(t, after, "%s is checked now", id)
		}
		assert.Equal(t, hot, eval[int](p, `probe.shown("svg.messages .msg.hot:not(.lost)")`), "the messages of the account stay")
		p.do(chromedp.Click(chromedp.CSS(`#` + id)))
		assert.Equal(t, before, count(), "%s as it was", id)
	}
	checkQuiet(t, p)
}

// TestZoom zooms into a stretch of the whole run and out again, by anchors alone.
func TestZoom(t *testing.T) {
	p := open(t, findings[0].make(t).file)
	width := func() float64 {
		return eval[float64](p, `document.querySelector(".runwide").getBoundingClientRect().width`)
	}
	follow := func(selector string) {
		p.do(script(`document.querySelector(` + quote(selector) + `).click()`))
		p.settle()
	}
	far := width()
	follow(`a.stretch:nth-of-type(2)`)
	assert.Greater(t, width(), 5*far, "zoomed into a stretch")
	assert.Equal(t, 1, eval[int](p, `probe.shown(".unzoom")`))
	assert.Empty(t, eval[[]string](p, `probe.tooWide()`), "zoomed in")
	follow(`a.unzoom`)
	assert.Equal(t, far, width(), "zoomed out")
	follow(`a.frame`)
	assert.Greater(t, width(), 5*far, "zoomed into what is shown above")
	checkQuiet(t, p)
}

// TestBothWays follows the links between the bars of calls and the lines of history.jsonl.
func TestBothWays(t *testing.T) {
	p := open(t, findings[0].make(t).file)
	bars := eval[[]string](p, `[...document.querySelectorAll("#calls a.bar.mine")].map(a => a.getAttribute("href"))`)
	require.NotEmpty(t, bars)
	for _, line := range bars {
		back := eval[[]string](p, `[...document.querySelectorAll(`+quote(line+" a")+`)].map(a => a.getAttribute("href"))`)
		require.Len(t, back, 1, "a line has a link to its bar")
		assert.Equal(t, line, eval[string](p, `document.querySelector(`+quote(back[0])+`).getAttribute("href")`))
	}
}

// staleRead is how the account of a stale read begins.
var staleRead = regexp.MustCompile(`process \d+ read (\d+) from`)

// staleValue is the value that the command says was read too late, so that tests hold when the histories of a seed change.
func staleValue(t *testing.T, m made) string {
	t.Helper()
	found := staleRead.FindStringSubmatch(m.output)
	require.NotNil(t, found, m.output)
	return found[1]
}

// TestPicturesAlone opens why.svg and messages.svg without their page.
func TestPicturesAlone(t *testing.T) {
	m := findings[0].make(t)
	dir, value := folder(m.file), staleValue(t, m)
	for _, name := range []string{"why.svg", "messages.svg"} {
		t.Run(name, func(t *testing.T) {
			p := open(t, dir(name))
			assert.Equal(t, "svg", eval[string](p, `document.documentElement.tagName`))
			assert.NotEmpty(t, eval[string](p, `document.documentElement.getAttribute("aria-label")`))
			assert.Contains(t, eval[string](p, `document.documentElement.textContent`), value)
			assert.Positive(t, eval[float64](p, `document.documentElement.getBBox().width`))
			assert.Zero(t, eval[int](p, `document.querySelectorAll("script, a, image, foreignObject").length`))
			checkQuiet(t, p)
		})
	}
}

// TestIndex opens the index of a folder with runs of each verdict, and uses its filters.
func TestIndex(t *testing.T) {
	for _, k := range slices.Concat(findings[:3], others[:2]) {
		k.make(t)
	}
	p := open(t, folder(shared.work)("capsize-report", "index.html"))
	checkPage(t, p)
	all := eval[int](p, `probe.shown(".runs .row")`)
	sum := 0
	for _, verdict := range []string{"invalid", "valid", "unknown"} {
		p.do(chromedp.Click(chromedp.CSS(`#v-` + verdict)))
		n := eval[int](p, `probe.shown(".runs .row")`)
		assert.Positive(t, n, verdict)
		assert.Equal(t, n, eval[int](p, `probe.shown(".runs .row.`+verdict+`")`), "only those of the verdict")
		sum += n
	}
	assert.Equal(t, all, sum)
	checkQuiet(t, p)
}

// TestCompare opens the page of two runs of one seed, with and without the bug.
func TestCompare(t *testing.T) {
	a := findings[0].make(t)
	b := pageOf(t, words("run --nemesis leader --seed 1")...)
	name := "capsize-report/compare.html"
	runCommand(t, shared.work, "diff", folder(a.file)(), folder(b.file)(), "--html", name)
	p := open(t, folder(shared.work)(name))
	checkPage(t, p)
	text := eval[string](p, `document.body.textContent`)
	for _, want := range []string{"invalid", "valid", staleValue(t, a), "lease-reads"} {
		assert.Contains(t, text, want)
	}
	assert.Equal(t, 1, eval[int](p, `probe.shown("tr.line.differs")`), "the first line that differs")
}

// TestBoard opens the page of the CAP cards.
func TestBoard(t *testing.T) {
	m := pageOf(t, "cap", "--variant", "abd,raft-any", "--fault", "3|2,bridge", "--seeds", "1")
	require.NotEmpty(t, m.file, m.output)
	p := open(t, m.file)
	checkPage(t, p)
	assert.Equal(t, 4, eval[int](p, `probe.shown("table.board a.cell")`))
	assert.Equal(t, 4, eval[int](p, `probe.shown("figure svg")`))
	assert.Contains(t, eval[string](p, `document.body.textContent`), "capsize scenario cap --variant raft-any")
}

// TestAxes compares the axes of histories with times of the wall clock, without times and without calls.
func TestAxes(t *testing.T) {
	axis := map[string]string{}
	for _, k := range others {
		p := open(t, k.make(t).file)
		axis[k.name] = eval[string](p, `[...document.querySelectorAll(".axis-x, #run .note")].map(e => e.textContent).join(" ")`)
		assert.NotContains(t, eval[string](p, `document.querySelector("#run").textContent`), "NaN", k.name)
	}
	assert.NotEmpty(t, axis["recorded"])
	assert.Equal(t, axis["recorded"], axis["epoch"], "times of the wall clock count from the first op")
	assert.Contains(t, axis["ordered"], "has an order and no times")
	assert.Empty(t, axis["empty"], "a history without calls has no axis")
}
