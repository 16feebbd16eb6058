package lint

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
)

// oldWords are words of one's own that names do not come back to, in lower case, and what to say instead.
var oldWords = map[string]string{
	"strike": "inject", "strikes": "inject", "struck": "injected", "bite": "effect", "bites": "effect", "bitten": "effect",
	"dive": "depth-first search", "nobody": "no node, no client", "somebody": "which node or client", "whoever": "which node or client",
	"told": "what it holds: answer, call, listed", "culprit": "blamed", "herd": "stampede, group", "crowd": "concurrent users",
	"misset": "impair the clock", "occasion": "trigger", "logbook": "history", "rig": "fixture", "trial": "run",
}

// named are the names that may have an old word: those of a scenario that users run by name.
var named = []string{"CacheHerd"}

// Wording finds, in all Go files, terms in comments and old words in the names that the files declare. Packages in except
// are passed over.
func Wording(m *Module, terms []Term, oldWords map[string]string, except ...string) []Problem {
	var problems []Problem
	skip := map[string]bool{}
	for _, p := range except {
		skip[p] = true
	}
	for _, p := range m.Packages {
		if skip[p.Path] {
			continue
		}
		for _, f := range p.Files {
			problems = append(problems, f.comments(terms)...)
			problems = append(problems, f.names(oldWords)...)
		}
	}
	return sorted(problems)
}

// comments finds terms in comments, but not in what they quote.
func (f *File) comments(terms []Term) (problems []Problem) {
	for _, group := range f.Syntax.Comments {
		for _, c := range group.List {
			text := quoted.ReplaceAllString(c.Text, `""`)
			for _, t := range terms {
				if found := t.Match.FindString(text); found != "" {
					problems = append(problems, Problem{File: f.Name, Line: f.fset.Position(c.Pos()).Line, Text: fmt.Sprintf("%q in a comment: say %s", found, t.Say)})
				}
			}
		}
	}
	return problems
}

// quoted matches what a comment quotes.
var quoted = regexp.MustCompile(`"[^"]*"|“[^”]*”`)

// names finds old words in the names that a file declares.
func (f *File) names(oldWords map[string]string) (problems []Problem) {
	check := func(ids ...*ast.Ident) {
		for _, id := range ids {
			if slices.Contains(named, id.Name) {
				continue
			}
			for _, w := range camel.FindAllString(id.Name, -1) {
				if say := oldWords[strings.ToLower(w)]; say != "" {
					problems = append(problems, Problem{File: f.Name, Line: f.fset.Position(id.Pos()).Line, Text: fmt.Sprintf("%q in the name %s: say %s", w, id.Name, say)})
				}
			}
		}
	}
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			check(n.Name)
		case *ast.TypeSpec:
			check(n.Name)
		case *ast.ValueSpec:
			check(n.Names...)
		case *ast.Field:
			check(n.Names...)
		case *ast.AssignStmt:
			if n.Tok.String() == ":=" {
				for _, e := range n.Lhs {
					if id, ok := e.(*ast.Ident); ok {
						check(id)
					}
				}
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if id, ok := e.(*ast.Ident); ok {
					check(id)
				}
			}
		}
		return true
	})
	return problems
}

// camel matches the words of a name.
var camel = regexp.MustCompile(`[A-Z]+[a-z]*|[a-z]+`)
