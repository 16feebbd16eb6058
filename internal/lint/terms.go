package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
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

// printed are the words that texts in code do not come back to, as users read them: terms, and some that documents may have.
var printed = append(slices.Clone(terms), []Term{
	{regexp.MustCompile(`(?i)\bnobody\b|\bsomebody\b|\bwhoever\b`), "which node, client or call"},
	{regexp.MustCompile(`(?i)\bstands? for (time|the standard)\b`), "is left out; is"},
	{regexp.MustCompile(`(?i)\bfaults bit\b|\bfault met\b`), "faults took effect; overlapped"},
	{regexp.MustCompile(`(?i)\bmust come of\b|\bshow what they must\b|\bnothing was shown\b`), "expected …, and found …"},
	{regexp.MustCompile(`(?i)\bcame to hold\b`), "ended in"},
	{regexp.MustCompile(`(?i)\bwrong by itself\b`), "wrong on its own"},
	{regexp.MustCompile(`(?i)\btaken for heard\b`), "taken for received"},
	{regexp.MustCompile(`(?i)\bdid not come to it\b`), "was not injected"},
	{regexp.MustCompile(`(?i)\baround the why\b|\bno client called\b|\bcloser than a mark\b`), "calls around it; no calls were made; dots that overlap"},
	{regexp.MustCompile(`(?i)\bsaw it the other way\b`), "and later the other way round"},
}...)

// Strings finds terms in the string literals of code that is no test. What has no space is a name and no text. Packages
// in except are passed over.
func Strings(m *Module, terms []Term, except ...string) []Problem {
	var problems []Problem
	for _, p := range m.Packages {
		if slices.Contains(except, p.Path) {
			continue
		}
		for _, f := range p.Files {
			if !f.Test {
				problems = append(problems, f.terms(terms)...)
			}
		}
	}
	return sorted(problems)
}

// Outputs finds terms in what programs print, as tests keep it: files below a folder testdata that end in .txt or .golden, and in
// scripts the lines that a program must have printed. Files are given by their names from root on; those below a prefix in except are
// passed over.
func Outputs(root string, files []string, terms []Term, except ...string) ([]Problem, error) {
	var problems []Problem
	for _, name := range files {
		ext := path.Ext(name)
		kept := strings.Contains(name, "testdata/") && (ext == ".txt" || ext == ".golden" || ext == ".txtar")
		if !kept || slices.ContainsFunc(except, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			continue
		}
		text, err := fileText(root, name)
		if err != nil {
			return nil, err
		}
		for i, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(line, "#") || ext == ".txtar" && !strings.HasPrefix(line, "stdout ") && !strings.HasPrefix(line, "stderr ") {
				continue
			}
			for _, t := range terms {
				if found := t.Match.FindString(line); found != "" {
					problems = append(problems, Problem{File: name, Line: i + 1, Text: fmt.Sprintf("%q in what is printed: say %s", found, t.Say)})
				}
			}
		}
	}
	return sorted(problems), nil
}

func (f *File) terms(terms []Term) (problems []Problem) {
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(lit.Value)
		if err != nil || !strings.Contains(text, " ") {
			return true
		}
		for _, t := range terms {
			if found := t.Match.FindString(text); found != "" {
				problems = append(problems, Problem{File: f.Name, Line: f.fset.Position(lit.Pos()).Line, Text: fmt.Sprintf("%q in a text: say %s", found, t.Say)})
			}
		}
		return true
	})
	return problems
}

// Terms finds terms in Markdown files, but not in their code: what a program prints is quoted as it is. Files are
// given by their names from root on; others than Markdown, and those in except, are passed over.
func Terms(root string, files []string, terms []Term, except ...string) ([]Problem, error) {
	var problems []Problem
	for _, name := range files {
		if path.Ext(name) != ".md" || slices.Contains(except, name) {
			continue
		}
		text, err := fileText(root, name)
		if err != nil {
			return nil, err
		}
		for i, line := range prose(text) {
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
