package overview

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/hunt/campaign"
	"github.com/capsize-go/capsize/internal/huntrun"
)

// pageOf returns the page of a campaign that has some runs, of which one was made small.
func pageOf(t *testing.T, s campaign.Settings, target campaign.Target, small *huntrun.Smallest, runs ...huntrun.Outcome) string {
	t.Helper()
	dir := t.TempDir()
	c, err := campaign.Open(t.Context(), dir, s, []campaign.Target{target}, campaign.Whole, campaign.Shared)
	require.NoError(t, err)
	defer c.Close()
	for _, r := range runs {
		require.NoError(t, c.Add(t.Context(), campaign.Run{Target: target, Run: r, Version: campaign.Version{Capsize: "v1"}}))
	}
	if small != nil {
		for _, r := range runs {
			if r.Seed == small.Seed {
				_, err = c.Tried(t.Context(), campaign.Run{Target: target, Run: r}, small)
				require.NoError(t, err)
			}
		}
	}
	require.NoError(t, Write(t.Context(), c))
	text, err := os.ReadFile(filepath.Join(dir, File))
	require.NoError(t, err)
	wellFormed(t, string(text))
	return string(text)
}

// wellFormed reads the page as XML, once the tags that HTML need not close are.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	page = strings.Replace(page, "<!doctype html>", "", 1)
	page = regexp.MustCompile(`(?s)<style>.*?</style>`).ReplaceAllString(page, "")
	page = regexp.MustCompile(`<(meta|link|br)\b([^>]*)>`).ReplaceAllString(page, "<$1$2/>")
	d := xml.NewDecoder(strings.NewReader(page))
	d.Entity = xml.HTMLEntity
	for {
		if _, err := d.Token(); err != nil {
			require.ErrorIs(t, err, io.EOF)
			return
		}
	}
}

var raft = campaign.Target{System: "raftkv", Bug: "lease-reads", Workload: "register", Nemesis: "leader"}

func TestPageHasTheFailures(t *testing.T) {
	stale := &huntrun.Signature{Checker: "linearizable", Anomaly: "a newer value had replaced it", Shape: "read ok"}
	page := pageOf(t, campaign.Settings{"nodes": "5"}, raft,
		&huntrun.Smallest{
			Seed: 4, Before: huntrun.Size{Faults: 3, Operations: 1584, Nodes: 5}, After: huntrun.Size{Faults: 1, Operations: 2, Nodes: 3}, Runs: 53, CPU: 500 * time.Millisecond,
			Text: "the failure\n  as text\n", Account: []string{"The nemesis cut n5 off.", "n5 answered."}, Notes: []string{"without fault 1: it passes"}, Command: "capsize run --seed 4", Page: "index.html",
		},
		huntrun.Outcome{Seed: 1, Verdict: huntrun.Valid}, huntrun.Outcome{Seed: 4, Verdict: huntrun.Invalid, Signature: stale, Weight: 9, Schedule: "random/5"}, huntrun.Outcome{Seed: 5, Verdict: huntrun.Invalid, Signature: stale, Weight: 10},
		huntrun.Outcome{Seed: 6, Verdict: huntrun.Died, Signature: &huntrun.Signature{Checker: "process", Anomaly: "exit status N"}, Reason: "the process ended", Output: "goodbye"},
	)
	id := campaign.SignatureID(raft, stale)
	for _, want := range []string{
		"4 runs of 1 target, 3 failures with 2 signatures", `id="` + id + `"`, "✗ 2×", "linearizable: a newer value had replaced it (read ok)", `href="./signatures/` + id + `/index.html"`,
		"1 fault, 2 calls, 3 nodes", "from 3 faults, 1,584 calls, 5 nodes of seed 4, in 53 runs and 500ms of processor time", "<li>The nemesis cut n5 off.</li><li>n5 answered.</li>", "without fault 1: it passes",
		"capsize run --seed 4", "seeds 4, 5", "met in raftkv bug lease-reads, register, leader", "schedule of the seed: random/5", "goodbye", "the process ended",
		`<td class="num">1–4</td>`, "default-src 'none'", "capsize v1",
	} {
		assert.Contains(t, page, want)
	}
	for _, bad := range []string{"<script", "http://", "https://"} {
		assert.NotContains(t, page, bad)
	}
}

// TestPageOfNothing says so.
func TestPageOfNothing(t *testing.T) {
	page := pageOf(t, campaign.Settings{}, raft, nil, huntrun.Outcome{Seed: 1, Verdict: huntrun.Valid})
	assert.Contains(t, page, "none was found")
	assert.Contains(t, page, "not found")
}

// TestHostileTextIsInert has markup, quotes, control characters, invalid UTF-8 and very long values in each field.
func TestHostileTextIsInert(t *testing.T) {
	hostile := "<img src=x onerror=alert(1)>\"'`{{.}}\x00\x1b[31m\u202e\xff" + strings.Repeat("long ", 20_000)
	sig := &huntrun.Signature{Checker: hostile, Anomaly: hostile, Shape: hostile}
	page := pageOf(t, campaign.Settings{"<b>": hostile}, campaign.Target{System: hostile, Bug: hostile, Workload: hostile, Nemesis: hostile},
		&huntrun.Smallest{Seed: 1, Text: hostile, Account: []string{hostile}, Notes: []string{hostile}, Command: hostile, Page: "javascript:alert(1)", Stopped: hostile},
		huntrun.Outcome{Seed: 1, Verdict: huntrun.Invalid, Signature: sig, Reason: hostile, Schedule: hostile},
		huntrun.Outcome{Seed: 2, Verdict: huntrun.Died, Signature: &huntrun.Signature{Checker: hostile}, Output: hostile, Reason: hostile})
	assert.NotContains(t, page, "<img")
	assert.NotContains(t, page, `href="javascript`)
	for _, r := range "\x00\x1b\u202e" {
		assert.NotContains(t, page, string(r))
	}
	assert.Less(t, len(page), 400_000)
}
