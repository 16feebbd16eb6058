package overlay

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// An edit changes a declaration of a file of Go's standard library. It names the file, the
// declaration and a place in it, and holds none of Go's text.
type edit struct {
	file string // below $GOROOT/src, with slashes
	in   string // the declaration: "ready", "(*Pool).Get", "synctestBubble"; "*" for each method of the file; "" for the file
	at   place
	code string // what is written there; "@" stands for what was there, and "$1" for what the first _ of a pattern stood for
	from int    // the first minor version of Go that it is for; 0: any
	to   int    // the last one; 0: any
	n    int    // how many places there must be; 0: one; [anyNumber]: at least one
}

// anyNumber is the number of an edit that has at least one place.
const anyNumber = -1

// covers reports whether the edit is for a minor version of Go.
func (e edit) covers(minor int) bool { return minor >= e.from && (e.to == 0 || minor <= e.to) }

// A span of a file, in bytes.
type span struct{ from, to int }

// A match is a place that was found.
type match struct {
	span
	wild []span // what the wildcards of a pattern stood for
}

// A place finds matches in a declaration. It may find none.
type place interface {
	find(d decl) ([]match, error)
	String() string
}

// A decl is a declaration of a parsed file, or all of a file.
type decl struct {
	file *token.File
	node ast.Node
	text string // of the file
}

// span returns where a node stands.
func (d decl) span(n ast.Node) span { return span{d.file.Offset(n.Pos()), d.file.Offset(n.End())} }

// at returns the empty match at an offset.
func at(i int) match { return match{span: span{i, i}} }

// entry is the beginning of the body of a function.
type entry struct{}

func (entry) String() string { return "the entry" }

func (entry) find(d decl) (found []match, _ error) {
	if f, ok := d.node.(*ast.FuncDecl); ok && f.Body != nil {
		found = append(found, at(d.file.Offset(f.Body.Lbrace)+1))
	}
	return found, nil
}

// exit is the end of the body of a function, behind its last statement.
type exit struct{}

func (exit) String() string { return "the exit" }

func (exit) find(d decl) (found []match, _ error) {
	if f, ok := d.node.(*ast.FuncDecl); ok && f.Body != nil {
		found = append(found, at(d.file.Offset(f.Body.Rbrace)))
	}
	return found, nil
}

// field is the end of the list of fields of a struct type.
type field struct{}

func (field) String() string { return "the last field" }

func (field) find(d decl) (found []match, _ error) {
	if spec, ok := d.node.(*ast.TypeSpec); ok {
		if s, ok := spec.Type.(*ast.StructType); ok {
			found = append(found, at(d.file.Offset(s.Fields.Closing)))
		}
	}
	return found, nil
}

// end is the end of a file: declarations are added there.
type end struct{}

func (end) String() string { return "the end of the file" }

func (end) find(d decl) ([]match, error) { return []match{at(len(d.text))}, nil }

// directive is the name that a linkname directive gives to a function of the file.
type directive string

func (x directive) String() string { return fmt.Sprintf("the linkname of %s", string(x)) }

func (x directive) find(d decl) (found []match, _ error) {
	head := "//go:linkname " + string(x) + " "
	for i := 0; ; {
		k := strings.Index(d.text[i:], head)
		if k < 0 {
			return found, nil
		}
		i += k + len(head)
		n := strings.IndexByte(d.text[i:], '\n')
		found = append(found, match{span: span{i, i + n}})
	}
}

// stmt is the statement with a call, an assignment or another expression in it.
type stmt string

func (x stmt) String() string { return "the statement " + string(x) }

func (x stmt) find(d decl) ([]match, error) { return through{string(x), string(x)}.find(d) }

// through is statements of one block: from the one with an expression to the next with another.
type through struct{ first, last string }

func (x through) String() string { return fmt.Sprintf("the statements from %s to %s", x.first, x.last) }

func (x through) find(d decl) (found []match, err error) {
	first, err := parsePattern(x.first)
	if err != nil {
		return nil, err
	}
	last, err := parsePattern(x.last)
	if err != nil {
		return nil, err
	}
	ast.Inspect(d.node, func(n ast.Node) bool {
		list := block(n)
		for i := 0; i < len(list); i++ {
			if !first.occursIn(list[i]) {
				continue
			}
			for k := i; k < len(list); k++ {
				if last.occursIn(list[k]) {
					found = append(found, match{span: span{d.span(list[i]).from, d.span(list[k]).to}})
					i = k
					break
				}
			}
		}
		return true
	})
	return found, nil
}

// block returns the statements of a block, or of a case.
func block(n ast.Node) []ast.Stmt {
	switch b := n.(type) {
	case *ast.BlockStmt:
		return b.List
	case *ast.CaseClause:
		return b.Body
	case *ast.CommClause:
		return b.Body
	}
	return nil
}

// expr is an expression.
type expr string

func (x expr) String() string { return string(x) }

func (x expr) find(d decl) (found []match, err error) {
	p, err := parsePattern(string(x))
	if err != nil {
		return nil, err
	}
	ast.Inspect(d.node, func(n ast.Node) bool {
		if n == nil {
			return false
		}
		wild, ok := p.match(n)
		if ok {
			m := match{span: d.span(n)}
			for _, w := range wild {
				m.wild = append(m.wild, d.span(w))
			}
			found = append(found, m)
		}
		return !ok
	})
	return found, nil
}

// condition is that of the if statement whose condition has an expression in it.
type condition string

func (x condition) String() string { return "the condition with " + string(x) }

func (x condition) find(d decl) (found []match, err error) {
	p, err := parsePattern(string(x))
	if err != nil {
		return nil, err
	}
	ast.Inspect(d.node, func(n ast.Node) bool {
		if s, ok := n.(*ast.IfStmt); ok && p.occursIn(s.Cond) {
			found = append(found, match{span: d.span(s.Cond)})
		}
		return true
	})
	return found, nil
}

// A source is a file that is being edited.
type source struct {
	name string
	text string
}

// apply makes one edit. The error says what is not where it should be.
func (s *source) apply(e edit) error {
	decls, err := s.declarations(e)
	if err != nil {
		return err
	}
	var matches []match
	for _, d := range decls {
		found, err := e.at.find(d)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", s.name, e.in, err)
		}
		matches = append(matches, found...)
	}
	if want := max(e.n, 1); e.n == anyNumber && len(matches) == 0 || e.n != anyNumber && len(matches) != want {
		return fmt.Errorf("%s: %sis there %d times and not %d: %v", s.name, inWords(e.in), len(matches), want, e.at)
	}
	for i := len(matches) - 1; i >= 0; i-- {
		m := matches[i]
		s.text = s.text[:m.from] + m.expand(e.code, s.text) + s.text[m.to:]
	}
	return nil
}

// expand returns the code of an edit at a place of a text.
func (m match) expand(code, text string) string {
	pairs := []string{"@", text[m.from:m.to]}
	for i, w := range m.wild {
		pairs = append(pairs, fmt.Sprint("$", i+1), text[w.from:w.to])
	}
	return strings.NewReplacer(pairs...).Replace(code)
}

func inWords(in string) string {
	if in == "" {
		return ""
	}
	return "in " + in + ", "
}

// declarations returns the declarations that an edit is about. A file whose text alone matters is not
// parsed: it may be of a later version of Go than the parser.
func (s *source) declarations(e edit) (decls []decl, err error) {
	switch e.at.(type) {
	case directive, end:
		return []decl{{text: s.text}}, nil
	}
	if excerpt := excerpt(s.text, e.in); excerpt != "" {
		if decls, err := s.parse(excerpt, e.in); err == nil && len(decls) > 0 {
			return decls, nil
		}
	}
	decls, err = s.parse(s.text, e.in)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", s.name, err)
	}
	if len(decls) == 0 {
		return nil, fmt.Errorf("%s: there is no %s", s.name, e.in)
	}
	return decls, nil
}

// parse returns the declarations of a name in the text of the file, or in an excerpt of it.
func (s *source) parse(text, in string) (decls []decl, err error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, s.name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, n := range named(f, in) {
		decls = append(decls, decl{fset.File(f.FileStart), n, s.text})
	}
	return decls, nil
}

// excerpt returns the text of a file with spaces for all but the functions and types that may be meant by a name, so that a large file is
// not parsed as a whole for each edit. It is empty if there is none. A declaration of formatted code ends with the first line that is a
// brace; where it does not, the excerpt has a syntax error.
func excerpt(text, in string) string {
	name := in[strings.LastIndex(in, ".")+1:]
	if name == "" || name == "*" {
		return ""
	}
	var b strings.Builder
	b.WriteString("package p;")
	found := false
	for _, keyword := range []string{"\nfunc ", "\ntype "} {
		for i := 0; ; {
			k := strings.Index(text[i:], keyword)
			if k < 0 {
				break
			}
			i += k + 1
			head, _, _ := strings.Cut(text[i:], "\n")
			if !strings.Contains(head, " "+name) {
				continue
			}
			end := strings.Index(text[i:], "\n}\n")
			if end < 0 || i < b.Len() {
				return ""
			}
			b.WriteString(strings.Repeat(" ", i-b.Len()))
			b.WriteString(text[i : i+end+2])
			found = true
		}
	}
	if !found {
		return ""
	}
	return b.String()
}

// named returns the declarations of a name in a file, or the file itself for "".
func named(f *ast.File, in string) (found []ast.Node) {
	if in == "" {
		return []ast.Node{f}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if funcName(d) == in || in == "*" && d.Recv != nil && d.Name.IsExported() {
				found = append(found, d)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if specName(s) == in {
					found = append(found, s)
				}
			}
		}
	}
	return found
}

// funcName returns the name of a function, with the type of a receiver: (*Pool).Get, waitReason.String.
func funcName(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	t := f.Recv.List[0].Type
	pointer := false
	if s, ok := t.(*ast.StarExpr); ok {
		t, pointer = s.X, true
	}
	switch x := t.(type) {
	case *ast.IndexExpr:
		t = x.X
	case *ast.IndexListExpr:
		t = x.X
	}
	name := fmt.Sprint(t)
	if pointer {
		name = "(*" + name + ")"
	}
	return name + "." + f.Name.Name
}

// specName returns the name that a declaration of a type or variable begins with.
func specName(s ast.Spec) string {
	switch s := s.(type) {
	case *ast.TypeSpec:
		return s.Name.Name
	case *ast.ValueSpec:
		return s.Names[0].Name
	}
	return ""
}
