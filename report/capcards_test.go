package report_test

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/report"
)

func card() report.Card {
	return report.Card{
		Title: "raft <index> under 3|2", Label: "C", From: 2 * time.Second, To: 4 * time.Second, End: 6 * time.Second,
		Rows: []report.CardRow{
			{Name: "majority reads", Shares: []float64{1, 1, 0.5, 0, math.NaN(), 1, 1, 1}, During: 0.25},
			{Name: "minority reads", Shares: nil, During: math.NaN()},
		},
		Facts: []report.Row{{OK: true, What: "6 of 6 runs linearizable"}, {What: strings.Repeat("long ", 20)}},
	}
}

// TestCardSVG has a card be well-formed on its own, and show what there is and no more.
func TestCardSVG(t *testing.T) {
	var b strings.Builder
	require.NoError(t, report.CardSVG(&b, card()))
	picture := b.String()
	for d := xml.NewDecoder(strings.NewReader(picture)); ; {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
	assert.Contains(t, picture, `xmlns="http://www.w3.org/2000/svg"`)
	assert.Contains(t, picture, "raft &lt;index&gt; under 3|2")
	assert.Contains(t, picture, "25 %")
	assert.Contains(t, picture, "second 2: 50 % answered")
	assert.NotContains(t, picture, "second 6", "it is behind the end")
	assert.NotContains(t, picture, "NaN")
	assert.Contains(t, picture, "url(#hatch)", "what was not answered is shown without colour, too")
	assert.Contains(t, picture, "…", "what has no room is cut")
	assert.Contains(t, picture, "majority reads 25 % answered, 6 of 6 runs linearizable", "for screen readers")
}

// TestGrid has a page show its rows, escape what is in them, and leave out what was not run.
func TestGrid(t *testing.T) {
	var b strings.Builder
	bad := card()
	bad.Label, bad.Command, bad.URL = "neither", "capsize scenario cap --variant any --fault 'a<b' --seed 3 --show", "../any/index.html"
	grid := report.Grid{
		Title: "A & B", Columns: []report.KV{{Name: "3|2", Value: "two from three"}, {Name: "pause", Value: "stands still"}},
		Rows: []report.GridRow{{Name: "raft <index>", Doc: "asks a majority", Label: "C", Cards: []report.Card{card(), {}}},
			{Name: "any", Label: "neither", Cards: []report.Card{{}, bad}}},
	}
	require.NoError(t, report.GridHTML(&b, grid))
	page := b.String()
	assert.Contains(t, page, "<title>A &amp; B</title>")
	assert.Contains(t, page, "raft &lt;index&gt;")
	assert.Equal(t, 2, strings.Count(page, `<svg class="card"`))
	assert.Equal(t, 2, strings.Count(page, `<a class="cell `), "the board has a cell for each card, and none where there is none")
	for _, cell := range []string{`<a class="cell C" href="#raft-%3cindex%3e-1" title="raft &lt;index&gt; under 3|2"`, `<a class="cell neither" href="#any-2"`} {
		assert.Contains(t, page, cell)
	}
	assert.Contains(t, page, `<figure id="any-2"><figcaption><a href="../any/index.html">pause</a>`, "a card leads to a run")
	assert.Contains(t, page, `--fault &#39;a&lt;b&#39; --seed 3 --show</code>`, "and has its command")
	assert.Contains(t, page, `default-src 'none'`)
	assert.Contains(t, page, `<pattern id="hatch"`)
	assert.NotContains(t, page, "<script")
	assert.NotContains(t, page, "http://", "it needs no network")
	assert.ErrorContains(t, report.GridHTML(broken{}, grid), "write grid")
	assert.ErrorContains(t, report.CardSVG(broken{}, card()), "write card")
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("full") }
