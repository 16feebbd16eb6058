package ci

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/capsize-go/capsize/checker"
)

// Limits of texts in the XML, in runes.
const (
	maxAttribute = 1000
	maxText      = 20_000
)

// JUnit writes suites as JUnit's XML, in the form that both Ant's and Jenkins's schema allow. A case that is invalid is a failure, and
// one that is unknown an error. The time is that of the suites.
func JUnit(w io.Writer, now time.Time, suites ...Suite) error {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n")
	for i, s := range suites {
		s.junit(&b, i, now)
	}
	b.WriteString("</testsuites>\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	return nil
}

func (s Suite) junit(b *strings.Builder, id int, now time.Time) {
	n := s.counts()
	var took time.Duration
	for _, c := range s.Cases {
		took += c.Took
	}
	fmt.Fprintf(b, "\t<testsuite id=\"%d\" package=\"capsize\" name=%s timestamp=%s hostname=\"localhost\" tests=\"%d\" failures=\"%d\" errors=\"%d\" time=%s>\n",
		id, attribute(s.Name), attribute(now.UTC().Format("2006-01-02T15:04:05")), len(s.Cases), n[checker.Invalid], n[checker.Unknown], seconds(took))
	b.WriteString("\t\t<properties>\n")
	if s.Command != "" {
		fmt.Fprintf(b, "\t\t\t<property name=\"command\" value=%s/>\n", attribute(s.Command))
	}
	b.WriteString("\t\t</properties>\n")
	for _, c := range s.Cases {
		c.junit(b)
	}
	b.WriteString("\t\t<system-out/>\n\t\t<system-err/>\n\t</testsuite>\n")
}

func (c Case) junit(b *strings.Builder) {
	fmt.Fprintf(b, "\t\t<testcase classname=%s name=%s time=%s", attribute("capsize."+c.Class), attribute(c.Name), seconds(c.Took))
	element := [...]string{"", "error", "failure"}[min(int(c.Verdict), 2)]
	if element == "" {
		b.WriteString("/>\n")
		return
	}
	fmt.Fprintf(b, ">\n\t\t\t<%s type=%s message=%s>%s</%[1]s>\n\t\t</testcase>\n", element, attribute(c.Verdict.String()), attribute(c.Headline), escape(cut(c.text(), maxText), false))
}

// text is what a failure says, a line a fact.
func (c Case) text() string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s%s\n", name, value)
		}
	}
	line("", c.Reason)
	if c.Seed != 0 {
		line("seed: ", fmt.Sprint(c.Seed))
	}
	line("page: ", c.Page)
	line("digest: ", c.Digest)
	line("to re-run: ", c.Command)
	return b.String()
}

func seconds(d time.Duration) string { return fmt.Sprintf("\"%.3f\"", d.Seconds()) }

// attribute quotes a value of an attribute.
func attribute(text string) string { return `"` + escape(cut(text, maxAttribute), true) + `"` }

// escape writes text as XML has it. Characters that XML 1.0 does not allow become U+FFFD.
func escape(text string, quoted bool) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"' && quoted:
			b.WriteString("&#34;")
		case quoted && (r == '\n' || r == '\t') || r == '\r':
			fmt.Fprintf(&b, "&#%d;", r)
		case r < ' ' && r != '\n' && r != '\t', r >= 0x7f && r <= 0x9f, r == 0xfffe, r == 0xffff:
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// cut shortens text to n runes; both ends are kept, since values differ at either.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	return string(r[:n*2/3]) + " … " + string(r[len(r)-n/3+3:])
}
