package replication_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/scenariotest"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/replication"
)

const (
	capPage  = "../../docs/guide/09-cap.md"
	capCards = "../../docs/cap"
	capRows  = "testdata/cap.jsonl"
	begin    = "<!-- made by: make cap -->\n"
	end      = "<!-- end -->\n"
)

//go:generate go test -run TestMakeCAP$ -count=1 -timeout=1h . -measure
var measure = flag.Bool("measure", false, "of TestMakeCAP: measure the rows of docs/guide/09-cap.md, and write the page and its pictures")

// TestMakeCAP measures the table and the pictures of docs/guide/09-cap.md anew, if -measure is set.
func TestMakeCAP(t *testing.T) {
	if !*measure {
		t.Skip("make cap")
	}
	s := replication.CAP()
	all := scenariotest.Rows(t, s, "", "", s.Seeds)
	require.NoError(t, s.Holds(all))
	var lines bytes.Buffer
	for _, r := range all {
		require.NoError(t, json.NewEncoder(&lines).Encode(r))
	}
	require.NoError(t, os.WriteFile(capRows, lines.Bytes(), 0o666))
	require.NoError(t, os.MkdirAll(capCards, 0o777))
	for _, r := range all {
		if r.Fault == "3|2" {
			var picture bytes.Buffer
			require.NoError(t, report.CardSVG(&picture, replication.Picture(r)))
			require.NoError(t, os.WriteFile(filepath.Join(capCards, r.Variant+".svg"), picture.Bytes(), 0o666))
		}
	}
	page := readPage(t)
	head, rest, _ := strings.Cut(page, begin)
	_, tail, _ := strings.Cut(rest, end)
	require.NoError(t, os.WriteFile(capPage, []byte(head+begin+scenariotest.Markdown(t, s, scenariotest.ReadRows(t, capRows))+end+tail), 0o666))
}

func readPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(capPage)
	require.NoError(t, err)
	return string(page)
}

// TestCAPPage has docs/guide/09-cap.md show what was measured, and have a paragraph and a picture for each variant, with the
// label that it deserves.
func TestCAPPage(t *testing.T) {
	s := replication.CAP()
	page, all := readPage(t), scenariotest.ReadRows(t, capRows)
	_, rest, _ := strings.Cut(page, begin)
	shown, _, _ := strings.Cut(rest, end)
	assert.Equal(t, scenariotest.Markdown(t, s, all), shown, "make cap")
	require.Len(t, all, len(s.Variants))
	for i, v := range s.Variants {
		assert.Equal(t, v.Name+v.Fault, all[i].Variant+all[i].Fault)
	}
	for _, l := range replication.Claims() {
		assert.Contains(t, page, "### "+l.Variant+": "+l.Label+"\n")
		assert.Contains(t, page, "](../cap/"+l.Variant+".svg)")
		assert.FileExists(t, filepath.Join(capCards, l.Variant+".svg"))
	}
}

// again are the variants that TestCAPPageIsTrue measures: some of each system, and none with memberlist, whose
// runs are not certain to repeat.
const again = "raft-index,raft-any,primary-sync,primary-async,abd,read-one-write-all,dynamo-sloppy,dynamo-lww-skew,dynamo-siblings,crdt-set,chain-craq"

// TestCAPPageIsTrue measures some rows of the page again; all of those named in the long loop, one otherwise.
func TestCAPPageIsTrue(t *testing.T) {
	variants := "abd"
	if tier.Sweeping() {
		variants = again
	}
	if testing.Short() {
		t.Skip("long")
	}
	s := replication.CAP()
	want := map[string]string{}
	for _, r := range scenariotest.ReadRows(t, capRows) {
		want[r.Variant+r.Fault] = asJSON(t, r)
	}
	for _, r := range scenariotest.Rows(t, s, variants, "3|2", s.Seeds) {
		assert.Equal(t, want[r.Variant+r.Fault], asJSON(t, r), "make cap")
	}
}

func asJSON(t *testing.T, r scenarios.Row) string {
	t.Helper()
	text, err := json.Marshal(r)
	require.NoError(t, err)
	return string(text)
}
