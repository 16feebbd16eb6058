package lint

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
)

// A Term is a word of one's own for which the field has a term, or an English phrase that must be read twice.
type Term struct {
	Match *regexp.Regexp
	Say   string // instead
}

// terms are the words that documents do not come back to. docs/reference/glossary.md has the field's.
var terms = []Term{
	{regexp.MustCompile(`(?i)\bcounter-examples?\b`), "counterexample"},
	{regexp.MustCompile(`(?i)\bunknown outcomes?\b|\bnobody knows\b`), "indeterminate"},
	{regexp.MustCompile(`(?i)\bopen calls?\b`), "pending call"},
	{regexp.MustCompile(`(?i)\bbit(es?|ing|ten)\b`), "has an effect"},
	{regexp.MustCompile(`(?i)\bstr(ikes?|iking|uck)\b`), "inject; an active fault"},
	{regexp.MustCompile(`(?i)\bat odds\b`), "contradict each other"},
	{regexp.MustCompile(`(?i)\bheal of all\b`), "after the last fault was healed"},
	{regexp.MustCompile(`(?i)\bbooked (under|as)\b`), "attributed to"},
	{regexp.MustCompile(`(?i)\b(come|comes|came) to rest\b`), "stabilize"},
	{regexp.MustCompile(`(?i)\bboots? again\b`), "restart"},
	{regexp.MustCompile(`(?i)\bgoes deep\b`), "searches depth-first"},
	{regexp.MustCompile(`(?i)\bmay as well\b`), "whether it happened"},
	{regexp.MustCompile(`(?i)\b(come|came|became) of (it|that|this|them)\b`), "the result, by its name"},
}

// Terms finds terms in Markdown files, but not in their code: what a program prints is quoted as it is. Files are
// given by their names from root on; others than Markdown, and those in except, are passed over.
func Terms(root string, files []string, terms []Term, except ...string) ([]Problem, error) {
	var problems []Problem
	for _, name := range files {
		if path.Ext(name) != ".md" || slices.Contains(except, name) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for i, line := range prose(string(text)) {
			line = notProse.ReplaceAllString(line, "``")
			for _, t := range terms {
				if found := t.Match.FindString(line); found != "" {
					problems = append(problems, Problem{File: name, Line: i + 1, Text: fmt.Sprintf("%q: say %s", found, t.Say)})
				}
			}
		}
	}
	return sorted(problems), nil
}

// notProse matches code within a line, and what a link leads to.
var notProse = regexp.MustCompile("`[^`]*`|\\]\\([^)]*\\)")
