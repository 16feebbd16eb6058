package ci

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report/result"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// hostile are values that users' code may bring about.
var hostile = []string{
	"plain", "", "<failure>&amp;]]>", `"quoted" 'it''s'`, "a\x00b\x1b[31mc\x7f\u0085", "\xff\xfe invalid \xc3", "line\nline\r\n\ttab", "\ufffe\uffff",
	"\u202ereversed", "| cell | `code` **bold** [link](javascript:alert(1)) <script>alert(1)</script> ![x](http://example.com/x.png) @name", strings.Repeat("very long ", 100_000), "```\nfence",
}

func suites() []Suite {
	all := []Suite{{Name: "empty"}}
	for _, text := range hostile {
		s := Suite{Name: text, Command: text}
		for _, v := range []checker.Verdict{checker.Valid, checker.Unknown, checker.Invalid} {
			s.Cases = append(s.Cases, Case{Class: text, Name: text, Verdict: v, Headline: text, Reason: text, Command: text, Page: text, Digest: text, Seed: 3, Took: 1234 * time.Millisecond})
		}
		all = append(all, s)
	}
	return all
}

// A rule is what the schemas of Ant (junit-windyroad.xsd) and of Jenkins's xUnit plugin both ask of an element.
type rule struct {
	children   string // a pattern of the names of the children, each followed by a blank
	attributes map[string]string
}

const (
	anyText = `(?s).*`
	natural = `\d+`
	decimal = `\d+(\.\d+)?`
)

var rules = map[string]rule{
	"testsuites": {`(testsuite )*`, nil},
	"testsuite": {`properties (testcase )*system-out system-err `, map[string]string{
		"id": natural, "package": anyText, "name": anyText, "timestamp": `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`, "hostname": `.+`, "tests": natural, "failures": natural, "errors": natural, "time": decimal,
	}},
	"properties": {`(property )*`, nil},
	"property":   {``, map[string]string{"name": `.+`, "value": anyText}},
	"testcase":   {`((error|failure) )?`, map[string]string{"classname": anyText, "name": anyText, "time": decimal}},
	"error":      {``, map[string]string{"type": `.+`, "message": anyText}},
	"failure":    {``, map[string]string{"type": `.+`, "message": anyText}},
	"system-out": {``, nil}, "system-err": {``, nil},
}

// element is any XML.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []element  `xml:",any"`
	Text     string     `xml:",chardata"`
}

func (e element) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// check holds an element and what is in it to the rules.
func (e element) check(t *testing.T) {
	t.Helper()
	r, ok := rules[e.XMLName.Local]
	require.True(t, ok, "the schema has no %s", e.XMLName.Local)
	names := ""
	for _, c := range e.Children {
		names += c.XMLName.Local + " "
	}
	require.Regexp(t, "^"+r.children+"$", names, e.XMLName.Local)
	require.Len(t, e.Attrs, len(r.attributes), e.XMLName.Local)
	for _, a := range e.Attrs {
		pattern, ok := r.attributes[a.Name.Local]
		require.True(t, ok, "the schema has no %s of %s", a.Name.Local, e.XMLName.Local)
		require.Regexp(t, "^("+pattern+")$", a.Value)
	}
	if e.XMLName.Local == "testsuite" {
		e.checkCounts(t)
	}
	for _, c := range e.Children {
		c.check(t)
	}
}

// checkCounts holds the numbers of a suite to its cases.
func (e element) checkCounts(t *testing.T) {
	t.Helper()
	n := map[string]int{}
	for _, c := range e.Children {
		if c.XMLName.Local == "testcase" {
			n["tests"]++
			for _, what := range c.Children {
				n[what.XMLName.Local+"s"]++
			}
		}
	}
	for _, name := range []string{"tests", "failures", "errors"} {
		require.Equal(t, strconv.Itoa(n[name]), e.attr(name), name)
	}
}

// TestJUnitKeepsTheSchema writes hostile values, and reads them back.
func TestJUnitKeepsTheSchema(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, JUnit(&b, noon, suites()...))
	require.True(t, utf8.Valid(b.Bytes()))
	require.Less(t, b.Len(), 500_000, "long values are cut")
	var root element
	require.NoError(t, xml.Unmarshal(b.Bytes(), &root))
	root.check(t)
	require.Len(t, root.Children, len(hostile)+1)
	for i, want := range hostile[:4] {
		require.Equal(t, want, root.Children[i+1].attr("name"), "what XML can hold is kept as it is")
	}
	require.Equal(t, "line\nline\r\n\ttab", root.Children[7].attr("name"))
	require.Equal(t, "2026-05-04T12:00:00", root.Children[0].attr("timestamp"))
}

// TestSchemaIsHeld shows that the check of the schema finds what is wrong.
func TestSchemaIsHeld(t *testing.T) {
	for _, bad := range []string{`<testsuites><case/></testsuites>`, `<testsuites name="x"/>`, `<testsuites><testsuite/></testsuites>`} {
		var root element
		require.NoError(t, xml.Unmarshal([]byte(bad), &root))
		failed := make(chan bool)
		go func() { // a failed require ends the goroutine
			inner := &testing.T{}
			defer func() { failed <- inner.Failed() }()
			root.check(inner)
		}()
		require.True(t, <-failed, bad)
	}
}

func TestJUnitSaysWhatFailed(t *testing.T) {
	r := result.Result{System: "raftkv", Bug: "lease-reads", Workload: "register", Seed: 3, Verdict: checker.Invalid, Headline: "not linearizable", Reason: "process 4 read 56",
		Command: "capsize run --seed 3", Report: "capsize-report/x/index.html", WallNS: int64(1500 * time.Millisecond)}
	var b bytes.Buffer
	require.NoError(t, JUnit(&b, noon, Suite{Name: "capsize run", Cases: []Case{CaseOf(r)}}))
	for _, want := range []string{`classname="capsize.raftkv.lease-reads" name="register, seed 3" time="1.500"`, `<failure type="invalid" message="not linearizable">process 4 read 56`, "to re-run: capsize run --seed 3\n", "page: capsize-report/x/index.html\n"} {
		require.Contains(t, b.String(), want)
	}
}

// TestSummaryOfInterrupted says how much is missing: what was judged may all be valid.
func TestSummaryOfInterrupted(t *testing.T) {
	for _, s := range []Suite{{Name: "capsize run", Cases: make([]Case, 4), Missing: 496}, {Name: "capsize run", Missing: 2}, {Name: "capsize run", Cases: make([]Case, 4)}} {
		var b bytes.Buffer
		require.NoError(t, Summary(&b, s))
		heading, _, _ := strings.Cut(b.String(), "\n")
		require.Equal(t, map[int]string{496: "### capsize run: 4 valid, 496 not run", 2: "### capsize run: nothing was judged, 2 not run", 0: "### capsize run: 4 valid"}[s.Missing], heading)
	}
}

// TestSummaryIsOneTable has a row a case, whatever the values are, and no markup of theirs.
func TestSummaryIsOneTable(t *testing.T) {
	for _, s := range suites() {
		var b bytes.Buffer
		require.NoError(t, Summary(&b, s))
		require.True(t, utf8.Valid(b.Bytes()))
		require.Less(t, b.Len(), 200_000)
		rows := regexp.MustCompile(`(?m)^\| (✅|❔|❌) [^|]*\|[^|]*\|[^|]*\|[^|]*\|[^|]*\|$`).FindAllString(b.String(), -1)
		require.Len(t, rows, len(s.Cases), b.String()[:min(b.Len(), 500)])
		outside := regexp.MustCompile("(?ms)^(`{3,})\n.*?^`{3,}$").ReplaceAllString(b.String(), "")
		for _, bad := range []string{"<script", "](", "![", "\x1b", "\x00", "@name"} {
			require.NotContains(t, outside, bad)
		}
		require.Equal(t, 0, strings.Count(b.String(), "\n```\nfence"))
	}
}

func TestSummaryOfManyIsShort(t *testing.T) {
	var s Suite
	for i := range 5000 {
		s.Cases = append(s.Cases, Case{Class: "raftkv", Name: fmt.Sprint("seed ", i)})
	}
	s.Cases[4999].Verdict, s.Cases[4999].Headline = checker.Invalid, "not linearizable"
	var b bytes.Buffer
	require.NoError(t, Summary(&b, s))
	require.Less(t, b.Len(), 100_000)
	require.Contains(t, b.String(), "| ❌ invalid | raftkv | seed 4999 | not linearizable |", "the worst come first")
	require.Contains(t, b.String(), "and 4900 more")
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestErrorsAreReturned(t *testing.T) {
	require.ErrorIs(t, JUnit(full{}, noon), io.ErrShortWrite)
	require.ErrorIs(t, Summary(full{}, Suite{Name: "x"}), io.ErrShortWrite)
}
