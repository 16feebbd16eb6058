package lint

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"strings"
)

// Commands finds commands in Markdown files that can't work: a go test or go run
// of a package that is not there, or of tests that it does not have. Only
// packages that are spelled from the root, as in ./checker, are looked for, so
// that a text can tell readers what to run in a module of their own. Files are
// given by their names from the module's root on.
func Commands(m *Module, files []string) ([]Problem, error) {
	var problems []Problem
	for _, name := range files {
		if path.Ext(name) != ".md" {
			continue
		}
		text, err := fileText(m.Root, name)
		if err != nil {
			return nil, err
		}
		for i, line := range strings.Split(text, "\n") {
			for _, c := range goCommand.FindAllString(line, -1) {
				if why := m.cannotRun(strings.Fields(c)); why != "" {
					problems = append(problems, Problem{File: name, Line: i + 1, Text: fmt.Sprintf("%q: %s", strings.TrimSpace(c), why)})
				}
			}
		}
	}
	return sorted(problems), nil
}

// goCommand matches a command up to the end of its line or its code span.
var goCommand = regexp.MustCompile("go (test|run) [^`#&;]*")

// cannotRun says what is wrong with a command; it is empty if nothing is.
func (m *Module) cannotRun(args []string) string {
	var tests []string
	named := false
	for _, a := range args {
		if !strings.HasPrefix(a, "./") {
			continue
		}
		found := m.at(strings.TrimPrefix(a, "./"))
		if len(found) == 0 {
			return "there is no package " + a
		}
		for _, p := range found {
			tests = append(tests, p.tests()...)
		}
		named = true
	}
	pattern := runPattern(args)
	if !named || pattern == "" || pattern == "^$" {
		return ""
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return err.Error()
	}
	for _, t := range tests {
		if re.MatchString(t) {
			return ""
		}
	}
	return "no test there matches " + pattern
}

// at returns the packages of a pattern of the go command: "checker", "cluster/...".
func (m *Module) at(pattern string) []*Package {
	pattern = strings.TrimSuffix(pattern, "/")
	var found []*Package
	for _, p := range m.Packages {
		if below, ok := strings.CutSuffix(pattern, "..."); pattern == p.Path ||
			ok && strings.HasPrefix(p.Path+"/", below) {
			found = append(found, p)
		}
	}
	return found
}

// tests returns the names of a package's tests, examples, benchmarks and fuzz
// targets.
func (p *Package) tests() []string {
	var names []string
	for _, f := range p.Files {
		if !f.Test {
			continue
		}
		for _, d := range f.Syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}

// runPattern returns what a command's -run says of a test's own
// name, without its subtests.
func runPattern(args []string) string {
	pattern := ""
	for i, a := range args {
		flag, value, ok := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if !strings.HasPrefix(a, "-") || flag != "run" {
			continue
		}
		if !ok && i+1 < len(args) {
			value = args[i+1]
		}
		pattern = strings.Trim(value, `'"`)
	}
	pattern, _, _ = strings.Cut(pattern, "/")
	return pattern
}
