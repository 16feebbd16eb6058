package ci

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report"
)

// Limits of a summary: services that show one refuse what is larger than a megabyte.
const (
	maxRows    = 100
	maxDetails = 5
	maxCell    = 300
)

// Summary writes suites in Markdown, the worst cases first: a table, and below it the reason and the command of the first few that failed.
func Summary(w io.Writer, suites ...Suite) error {
	var b strings.Builder
	for _, s := range suites {
		s.summary(&b)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	return nil
}

func (s Suite) summary(b *strings.Builder) {
	n := s.counts()
	var parts []string
	for _, v := range []checker.Verdict{checker.Invalid, checker.Unknown, checker.Valid} {
		if n[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %v", n[v], v))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing was judged"}
	}
	if s.Missing > 0 {
		parts = append(parts, fmt.Sprintf("%d not run", s.Missing))
	}
	fmt.Fprintf(b, "### %s: %s\n\n", markdown(s.Name), strings.Join(parts, ", "))
	cases := slices.Clone(s.Cases)
	slices.SortStableFunc(cases, func(a, b Case) int { return int(b.Verdict) - int(a.Verdict) })
	if len(cases) > 0 {
		b.WriteString("| verdict | test | run | why | page |\n|---|---|---|---|---|\n")
	}
	for _, c := range cases[:min(len(cases), maxRows)] {
		page := ""
		if c.Page != "" {
			page = code(c.Page)
		}
		why := markdown(c.Headline)
		if c.Verdict == checker.Valid {
			why = ""
		}
		fmt.Fprintf(b, "| %s %v | %s | %s | %s | %s |\n", [...]string{"✅", "❔", "❌"}[min(int(c.Verdict), 2)], c.Verdict, markdown(c.Class), markdown(c.Name), why, page)
	}
	if left := len(cases) - maxRows; left > 0 {
		fmt.Fprintf(b, "\nand %d more\n", left)
	}
	b.WriteString("\n")
	for _, c := range cases[:min(len(cases), maxDetails)] {
		if c.Verdict != checker.Valid {
			fmt.Fprintf(b, "**%s, %s**: %s\n\n", markdown(c.Class), markdown(c.Name), markdown(c.Reason))
			block(b, c.Command)
		}
	}
	if s.Command != "" {
		b.WriteString("All of it again:\n\n")
		block(b, s.Command)
	}
}

// block writes a command as a block of code.
func block(b *strings.Builder, command string) {
	if command == "" {
		return
	}
	text := report.Clean(command, maxText)
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	fmt.Fprintf(b, "%s\n%s\n%[1]s\n\n", fence, text)
}

// code writes a text as code within a line of a table.
func code(text string) string {
	return "<code>" + markup.Replace(report.Clean(text, maxCell)) + "</code>"
}

// markdown writes a text so that Markdown shows it as it is, on one line of a table.
func markdown(text string) string { return markup.Replace(report.Clean(text, maxCell)) }

// markup replaces every sign that means something in Markdown or HTML.
var markup = func() *strings.Replacer {
	var pairs []string
	for _, r := range "&<>|`*_[]()#!\\~@:" { // a colon ends the scheme of a link
		pairs = append(pairs, string(r), fmt.Sprintf("&#%d;", r))
	}
	return strings.NewReplacer(pairs...)
}()
