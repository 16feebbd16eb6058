// Package lint holds the rules of this repository that a machine can check, as
// tests: which package may import which, what must not reach a history, how long
// a function may be, what a comment owes its reader. They run with all other
// tests, so a rule and the code that it is about change in the same commit.
//
// A rule is a function from a [Module] to the problems it finds. Each has a
// small module under testdata that breaks it in every way it knows of, and a file
// want.txt with all that it must complain about: a rule that no longer works
// fails its own test.
package lint

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
)

// A Problem is one place at which a rule is broken.
type Problem struct {
	File string // from the module's root, with slashes
	Line int    // 0 if the problem is with the file, or with no file at all
	Text string // what is wrong, and what to do about it
}

// String returns the problem as compilers print theirs: file:line: text.
func (p Problem) String() string {
	switch {
	case p.File == "":
		return p.Text
	case p.Line == 0:
		return fmt.Sprintf("%s: %s", p.File, p.Text)
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// at returns a problem at a node of the file.
func (f *File) at(n ast.Node, format string, args ...any) Problem {
	return Problem{File: f.Name, Line: f.line(n.Pos()), Text: fmt.Sprintf(format, args...)}
}

// line returns the line of a position in the file.
func (f *File) line(p token.Pos) int { return f.fset.Position(p).Line }

// sorted orders problems as a reader goes through files.
func sorted(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Text, b.Text))
	})
	return problems
}
