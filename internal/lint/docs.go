package lint

import (
	"go/ast"
	"go/doc/comment"
	"go/token"
	"strings"
)

// noExample are the packages that need no example: no package imports them, or they
// are examples themselves.
var noExample = []string{"cmd/...", "examples/...", "internal/benchtable", "internal/cli", "internal/coldbuild", "internal/gotest", "internal/guidance", "internal/killmatrix", "internal/lint", "internal/runcost", "internal/sameruns", "internal/speed", "internal/speed/..."}

// Docs finds exported names without a doc comment, comments that are no
// sentences, and packages without a comment. Packages that match none of the
// patterns of noExample must have a compiled example as well.
func Docs(m *Module, noExample []string) []Problem {
	var problems []Problem
	for _, p := range m.Packages {
		problems = append(problems, p.packageComment()...)
		if !p.hasExample() && !anyMatches(noExample, p.Path) {
			problems = append(problems, Problem{File: p.Files[0].Name, Text: "package " + p.Path +
				" has no Example: write one in example_test.go, in package " + p.Name + "_test"})
		}
		for _, f := range p.Files {
			if !f.Test {
				problems = append(problems, f.undocumented()...)
			}
		}
	}
	return sorted(problems)
}

func anyMatches(patterns []string, path string) bool {
	for _, pattern := range patterns {
		if matches(pattern, path) {
			return true
		}
	}
	return false
}

// packageComment finds what is wrong with the comment of a package.
func (p *Package) packageComment() []Problem {
	var with []*File
	for _, f := range p.Files {
		if f.Syntax.Doc != nil && !strings.HasPrefix(f.Syntax.Doc.Text(), "Copyright") {
			with = append(with, f)
		}
	}
	switch len(with) {
	case 0:
		return []Problem{{File: p.Files[0].Name, Text: "package " + p.Path + " has no package comment"}}
	case 1:
		starts := []string{"Package " + strings.TrimSuffix(p.Name, "_test")}
		if p.Name == "main" {
			starts = []string{"Command "}
		}
		return with[0].sentence(with[0].Syntax.Doc, with[0].Syntax, "package "+p.Path, starts)
	}
	return []Problem{with[1].at(with[1].Syntax, "package %s has a second package comment: %s has one", p.Path, with[0].Name)}
}

// hasExample reports whether the package has an example that go vet compiles.
func (p *Package) hasExample() bool {
	for _, f := range p.Files {
		if !f.Test || !strings.HasSuffix(f.Syntax.Name.Name, "_test") {
			continue
		}
		for _, d := range f.Syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Example") {
				return true
			}
		}
	}
	return false
}

// undocumented finds the exported names of a file that lack a proper comment.
func (f *File) undocumented() []Problem {
	var problems []Problem
	for _, d := range f.Syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiver(d.Recv.List[0].Type))) {
				problems = append(problems, f.sentence(d.Doc, d, functionName(d), starts(d.Name.Name))...)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				problems = append(problems, f.spec(d, s)...)
			}
		}
	}
	return problems
}

// spec checks one name of a declaration, or several on one line. In a group, a
// comment on the group or at the end of the line will do.
func (f *File) spec(d *ast.GenDecl, s ast.Spec) []Problem {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if !s.Name.IsExported() {
			return nil
		}
		doc := s.Doc
		if doc == nil {
			doc = d.Doc
		}
		return append(f.sentence(doc, s, s.Name.Name, starts(s.Name.Name)), f.methods(s)...)
	case *ast.ValueSpec:
		name := s.Names[0]
		switch {
		case !name.IsExported() || d.Tok == token.IMPORT:
			return nil
		case s.Doc != nil:
			return f.sentence(s.Doc, s, name.Name, starts(name.Name))
		case !d.Lparen.IsValid():
			return f.sentence(d.Doc, s, name.Name, starts(name.Name))
		case s.Comment != nil:
			return nil
		}
		return f.sentence(d.Doc, s, name.Name, []string{""})
	}
	return nil
}

// methods wants a comment, of any form, on each method of an exported interface
// of more than three: the comment on a small interface is for its methods too.
func (f *File) methods(s *ast.TypeSpec) []Problem {
	i, ok := s.Type.(*ast.InterfaceType)
	if !ok || i.Methods.NumFields() <= 3 {
		return nil
	}
	var problems []Problem
	for _, m := range i.Methods.List {
		if len(m.Names) > 0 && m.Names[0].IsExported() && m.Doc == nil && m.Comment == nil {
			problems = append(problems, f.at(m, "%s.%s has no comment", s.Name.Name, m.Names[0].Name))
		}
	}
	return problems
}

// starts returns how a comment on a name may begin.
func starts(name string) []string {
	return []string{name, "A " + name, "An " + name, "The " + name, "Deprecated:"}
}

// sentence finds what is wrong with the form of a comment: it must begin as one
// of starts, and a last paragraph of prose must end as a sentence does.
func (f *File) sentence(group *ast.CommentGroup, at ast.Node, what string, starts []string) []Problem {
	text := ""
	if group != nil {
		text = group.Text() // without directives
	}
	if strings.TrimSpace(text) == "" {
		return []Problem{f.at(at, "%s has no comment: say what it is, and why", what)}
	}
	if !beginsWith(text, starts) {
		return []Problem{f.at(at, "comment on %s begins with %q, want %q", what, firstWords(text), starts[0])}
	}
	blocks := new(comment.Parser).Parse(text).Content
	last, ok := blocks[len(blocks)-1].(*comment.Paragraph)
	if ok && !endsSentence(plain(last.Text)) {
		return []Problem{f.at(at, "comment on %s does not end with a period", what)}
	}
	return nil
}

// endsSentence reports whether a paragraph ends with a period. The address of a
// source may follow.
func endsSentence(text string) bool {
	words := strings.Fields(text)
	for len(words) > 0 && strings.Contains(words[len(words)-1], "://") {
		words = words[:len(words)-1]
	}
	return len(words) == 0 || strings.HasSuffix(words[len(words)-1], ".") || strings.HasSuffix(words[len(words)-1], ".)")
}

// beginsWith reports whether a text begins with one of the words, as a word.
func beginsWith(text string, words []string) bool {
	for _, w := range words {
		rest, ok := strings.CutPrefix(text, w)
		if ok && (w == "" || strings.HasSuffix(w, " ") || rest == "" || !isLetter(rest[0])) {
			return true
		}
	}
	return false
}

func isLetter(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func firstWords(text string) string {
	words := strings.Fields(text)
	return strings.Join(words[:min(3, len(words))], " ")
}

// plain returns the text of a paragraph without its links and italics.
func plain(text []comment.Text) string {
	var b strings.Builder
	for _, t := range text {
		switch t := t.(type) {
		case comment.Plain:
			b.WriteString(string(t))
		case comment.Italic:
			b.WriteString(string(t))
		case *comment.Link:
			b.WriteString(plain(t.Text))
		case *comment.DocLink:
			b.WriteString(plain(t.Text))
		}
	}
	return strings.TrimSpace(b.String())
}
