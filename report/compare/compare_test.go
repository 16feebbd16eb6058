package compare

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/result"
)

// side returns a run with a plan of three steps, a history of ten lines, and a counterexample.
func side(bug string) Side {
	s := Side{Name: "run" + bug, Judged: true, Params: []report.KV{{Name: "seed", Value: "3"}, {Name: "bug", Value: bug}}}
	for i := range 3 {
		s.Plan = append(s.Plan, report.Step{ID: i, At: time.Duration(i) * time.Second, For: time.Second, Fault: "partition"})
	}
	for i := range 10 {
		s.Lines = fmt.Appendf(s.Lines, "{\"index\":%d,\"output\":%d}\n", i, i)
	}
	done := int64(2e6)
	s.Result = result.Result{System: "raftkv", Bug: bug, Seed: 3, Verdict: checker.Invalid, Headline: "not linearizable", Reason: "process 4 read 56", Command: "capsize run --seed 3",
		Counterexample: []result.Call{
			{Process: 4, Node: "n2", Key: "k1", Input: map[string]any{"f": "write", "key": "k1", "value": 56}, Type: "ok", InvokeNS: 1e6, CompleteNS: &done, Context: true},
			{Process: 7, Node: "n1", Key: "k1", Input: map[string]any{"f": "read", "key": "k1"}, Output: 56, Type: "ok", InvokeNS: 3e6, CompleteNS: &done},
		}}
	return s
}

func TestTheSameRun(t *testing.T) {
	c := Compare(side("x"), side("x"))
	require.True(t, c.Same())
	require.Equal(t, 2, c.SameParams)
	require.Equal(t, 3, c.SameSteps)
	var b strings.Builder
	require.NoError(t, c.Text(&b, 80))
	for _, want := range []string{"Parameters: the same, all 2\n", "Plan: the same, 3 steps\n", "Histories: the same, byte for byte\n"} {
		assert.Contains(t, b.String(), want)
	}
}

// TestEachDifference is a difference on its own.
func TestEachDifference(t *testing.T) {
	for what, change := range map[string]func(s *Side){
		"parameter":       func(s *Side) { s.Params[1].Value = "y" },
		"no parameter":    func(s *Side) { s.Params = s.Params[:1] },
		"step":            func(s *Side) { s.Plan[1].For++ },
		"no step":         func(s *Side) { s.Plan = s.Plan[1:] },
		"line":            func(s *Side) { s.Lines = bytes.Replace(s.Lines, []byte(":6}"), []byte(":7}"), 1) },
		"shorter history": func(s *Side) { s.Lines = s.Lines[:len(s.Lines)/2] },
		"verdict":         func(s *Side) { s.Result.Verdict = checker.Unknown },
		"not judged":      func(s *Side) { s.Judged = false },
	} {
		b := side("x")
		change(&b)
		assert.False(t, Compare(side("x"), b).Same(), what)
	}
}

// TestFirstLineThatDiffers has those around it, and marks it alone.
func TestFirstLineThatDiffers(t *testing.T) {
	b := side("x")
	b.Lines = bytes.Replace(b.Lines, []byte("\"output\":6}"), []byte("\"output\":60}"), 1)
	c := Compare(side("x"), b)
	require.Equal(t, 7, c.First.Line)
	require.Len(t, c.Lines, 8)
	for _, l := range c.Lines {
		assert.Equal(t, l.Number == 7, l.Differs)
	}
	assert.JSONEq(t, `{"index":6,"output":60}`, c.Lines[4].B)
}

// TestTextFits writes both counterexamples side by side, with no line wider than the terminal.
func TestTextFits(t *testing.T) {
	a, b := side("lease-reads"), side("")
	b.Name = strings.Repeat("a-long/path/", 20)
	b.Result.Reason = strings.Repeat("a long reason ", 30)
	b.Result.Counterexample[0].Input = map[string]any{"f": "write", "key": "k1", "value": strings.Repeat("0123456789", 40) + "END"}
	b.Lines = []byte(strings.Repeat("x", 5000))
	b.Plan[0].Fault = strings.Repeat("y", 300)
	for _, width := range []int{60, 80, 100, 160} {
		var text strings.Builder
		require.NoError(t, Compare(a, b).Text(&text, width))
		for line := range strings.Lines(text.String()) {
			assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, line)
		}
		assert.Regexp(t, `(?m)^! 3ms.* │ `, text.String(), "at %d columns", width)
		assert.Regexp(t, `(?m) │ ! 3ms`, text.String(), "at %d columns", width)
		assert.Contains(t, text.String(), "read k1 → 56")
	}
}

func TestMiddle(t *testing.T) {
	assert.Equal(t, "abc", middle("abc", 3))
	assert.Equal(t, "ab…yz", middle("abcdefxyz", 5))
	assert.Len(t, []rune(middle(strings.Repeat("x", 100), 10)), 10)
}

// TestPageIsInert has hostile text in each field.
func TestPageIsInert(t *testing.T) {
	hostile := "<script>alert(1)</script>\"'\x00\x1b\u202e\xff" + strings.Repeat("long ", 20_000)
	s := side(hostile)
	s.Name, s.Note, s.Page = hostile, hostile, "javascript:alert(1)"
	s.Result.Reason, s.Result.Headline, s.Result.Command, s.Result.System = hostile, hostile, hostile, hostile
	s.Result.Counterexample[0].Input = hostile
	s.Plan[0].Fault = hostile
	s.Lines = []byte(hostile + "\n")
	var b bytes.Buffer
	require.NoError(t, Compare(s, side("x")).HTML(&b, hostile))
	page := b.String()
	for _, bad := range []string{"<script", "\x00", "\x1b", "\u202e", `href="javascript`, "http://", "https://"} {
		assert.NotContains(t, page, bad)
	}
	assert.Contains(t, page, "default-src 'none'")
	assert.Less(t, len(page), 200_000)
	page = strings.Replace(page, "<!doctype html>", "", 1)
	page = regexp.MustCompile(`(?s)<style>.*?</style>`).ReplaceAllString(page, "")
	page = regexp.MustCompile(`<(meta|link|br)\b([^>]*)>`).ReplaceAllString(page, "<$1$2/>")
	d := xml.NewDecoder(strings.NewReader(page))
	for {
		if _, err := d.Token(); err != nil {
			require.Equal(t, "EOF", err.Error())
			break
		}
	}
}

func TestPageShowsBoth(t *testing.T) {
	a, b := side("lease-reads"), side("")
	b.Result.Verdict, b.Result.Counterexample = checker.Valid, nil
	b.Lines = bytes.Replace(b.Lines, []byte(":6}"), []byte(":7}"), 1)
	var page bytes.Buffer
	require.NoError(t, Compare(a, b).HTML(&page, "capsize diff a b"))
	for _, want := range []string{"Seed 3: raftkv with lease-reads and raftkv without a bug", "read k1 → 56", "No counterexample.", `class="line differs"`, "1 of 2 differs.", "0 of 3 steps differ.", "capsize diff a b"} {
		assert.Contains(t, page.String(), want)
	}
	assert.Equal(t, 1, strings.Count(page.String(), `class="line differs"`))
}
