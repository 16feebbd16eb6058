// Package locks reads from the source of a function which locks it holds at a line.
//
// The runtime knows who waits for a [sync.Mutex], and keeps no record of who holds it.
// But the source often shows it: the function that a goroutine stands in has called
// Lock on the line above, and Unlock comes only later. That is what this package looks
// for: calls in the order of the source, without branches, so it can err. A match is
// evidence and no proof.
package locks

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// A Lock is one lock that a function takes.
type Lock struct {
	Key  string // is equal for two locks that are the same field of one type, or the same variable
	Name string // last part of the expression: what locks of the same name have in common, be they the same or not
	Text string // the expression as it stands in the source, as "s.mu"
	Line int    // of the call that takes it
	Once bool   // it is a [sync.Once]
}

// Sources reads source files and keeps what it has parsed. The zero value is ready to
// use. It is not safe for concurrent use.
type Sources struct{ files map[string]*source }

type source struct {
	set  *token.FileSet
	file *ast.File
	dir  string
}

// Wanted returns the locks that are taken on a line, by whichever function begins or
// ends there. It is empty if the file can't be read.
func (s *Sources) Wanted(file string, line int) []Lock {
	src := s.parse(file)
	if src == nil {
		return nil
	}
	f := src.around(line)
	if f.decl == nil {
		return nil
	}
	var wanted []Lock
	ast.Inspect(f.decl, func(n ast.Node) bool {
		if n == nil || !src.spans(n, line) {
			return false
		}
		if c, ok := src.lockCall(n, f); ok && c.takes && c.lock.Line == line {
			wanted = append(wanted, c.lock)
		}
		return true
	})
	return wanted
}

// Held returns the locks that the function around a line has taken on a line before it
// and not released since. It is empty if the file can't be read. An Unlock in a block
// that ends by leaving, as "if err != nil { mu.Unlock(); return }", counts only in
// that block.
func (s *Sources) Held(file string, line int) []Lock {
	var held []Lock
	for _, c := range s.calls(file, line) {
		switch {
		case c.lock.Line >= line:
		case c.takes && !c.lock.Once:
			held = append(held, c.lock)
		case !c.takes:
			held = slices.DeleteFunc(held, func(l Lock) bool { return l.Key == c.lock.Key })
		}
	}
	return held
}

// A call takes a lock or releases it.
type call struct {
	lock  Lock
	takes bool
}

// What methods of that name do: true for taking the lock.
var methods = map[string]bool{
	"Lock": true, "RLock": true, "TryLock": true, "TryRLock": true, "Do": true,
	"Unlock": false, "RUnlock": false,
}

// calls returns the calls of the innermost function around a line that take and
// release locks, in the order of the source.
func (s *Sources) calls(file string, line int) []call {
	src := s.parse(file)
	if src == nil {
		return nil
	}
	f := src.around(line)
	if f.body == nil {
		return nil
	}
	var calls []call
	var path []ast.Node
	ast.Inspect(f.body, func(n ast.Node) bool {
		if n == nil {
			path = path[:len(path)-1]
			return true
		}
		switch n.(type) {
		case *ast.FuncLit, *ast.DeferStmt, *ast.GoStmt:
			return false // runs at another time
		}
		path = append(path, n)
		if c, ok := src.lockCall(n, f); ok && (c.takes || !src.leaves(path, line)) {
			calls = append(calls, c)
		}
		return true
	})
	return calls
}

func (s *Sources) parse(file string) *source {
	if src, ok := s.files[file]; ok {
		return src
	}
	var src *source
	set := token.NewFileSet()
	// A file with an error in it is as good as none: the program was built from another.
	if f, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution); err == nil {
		src = &source{set, f, filepath.Dir(file)}
	}
	if s.files == nil {
		s.files = map[string]*source{}
	}
	s.files[file] = src
	return src
}

// A function is the innermost one around a line, with the declaration that it is part
// of, which is a function's or that of variables.
type function struct {
	decl ast.Decl
	body *ast.BlockStmt
}

func (s *source) around(line int) (f function) {
	for _, d := range s.file.Decls {
		if !s.spans(d, line) {
			continue
		}
		f.decl = d
		if decl, ok := d.(*ast.FuncDecl); ok {
			f.body = decl.Body
		}
		ast.Inspect(d, func(n ast.Node) bool {
			if lit, ok := n.(*ast.FuncLit); ok && s.spans(lit, line) {
				f.body = lit.Body
			}
			return true
		})
	}
	return f
}

func (s *source) spans(n ast.Node, line int) bool {
	return s.line(n.Pos()) <= line && line <= s.line(n.End())
}

func (s *source) line(p token.Pos) int { return s.set.Position(p).Line }

// leaves reports whether the innermost block of a path does not span a line, and ends
// by leaving: what is released in it is not released for code behind it.
func (s *source) leaves(path []ast.Node, line int) bool {
	for _, n := range slices.Backward(path) {
		var list []ast.Stmt
		switch n := n.(type) {
		case *ast.BlockStmt:
			list = n.List
		case *ast.CaseClause:
			list = n.Body
		case *ast.CommClause:
			list = n.Body
		default:
			continue
		}
		return !s.spans(n, line) && len(list) > 0 && isExit(list[len(list)-1])
	}
	return false
}

func isExit(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ReturnStmt, *ast.BranchStmt:
		return true
	case *ast.ExprStmt:
		c, ok := s.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		id, ok := c.Fun.(*ast.Ident)
		return ok && id.Name == "panic"
	}
	return false
}

// lockCall reads "x.Lock()" and its like.
func (s *source) lockCall(n ast.Node, f function) (call, bool) {
	c, ok := n.(*ast.CallExpr)
	if !ok {
		return call{}, false
	}
	sel, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return call{}, false
	}
	takes, ok := methods[sel.Sel.Name]
	once := sel.Sel.Name == "Do"
	if args := len(c.Args); !ok || (args == 1) != once || args > 1 {
		return call{}, false
	}
	text := exprText(sel.X)
	if text == "" {
		return call{}, false
	}
	base, rest, _ := strings.Cut(text, ".")
	l := Lock{Text: text, Line: s.line(c.Pos()), Once: once, Key: s.scope(f.decl, base)}
	if rest != "" {
		l.Key += "." + rest
	}
	l.Name = text[strings.LastIndex(text, ".")+1:]
	return call{l, takes}, true
}

// scope returns what stands for a variable in the key of a lock: the type of a receiver or
// a parameter, the declaration that a local variable is part of, or the package.
func (s *source) scope(d ast.Decl, name string) string {
	decl, ok := d.(*ast.FuncDecl)
	if !ok {
		if declares(d, name) {
			return fmt.Sprintf("%s:%d:%s", s.dir, d.Pos(), name)
		}
		return s.dir + ":" + name
	}
	for _, list := range []*ast.FieldList{decl.Recv, decl.Type.Params} {
		if list == nil {
			continue
		}
		for _, field := range list.List {
			if slices.ContainsFunc(field.Names, func(id *ast.Ident) bool { return id.Name == name }) {
				return s.dir + ":" + typeName(field.Type)
			}
		}
	}
	if decl.Body != nil && declares(decl.Body, name) {
		return s.dir + ":" + decl.Name.Name + ":" + name
	}
	return s.dir + ":" + name
}

// declares reports whether a variable of that name is declared somewhere in a function.
func declares(in ast.Node, name string) (found bool) {
	is := func(e ast.Expr) bool {
		id, ok := e.(*ast.Ident)
		return ok && id.Name == name
	}
	ast.Inspect(in, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			found = found || n.Tok == token.DEFINE && slices.ContainsFunc(n.Lhs, is)
		case *ast.ValueSpec:
			found = found || slices.ContainsFunc(n.Names, func(id *ast.Ident) bool { return id.Name == name })
		case *ast.RangeStmt:
			found = found || n.Tok == token.DEFINE && (is(n.Key) || is(n.Value))
		case *ast.FuncLit:
			for _, field := range n.Type.Params.List {
				found = found || slices.ContainsFunc(field.Names, func(id *ast.Ident) bool { return id.Name == name })
			}
		}
		return !found
	})
	return found
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr: // a type with a parameter
		return typeName(e.X)
	case *ast.IndexListExpr:
		return typeName(e.X)
	}
	return exprText(e)
}

// exprText spells a simple expression; it is empty for any other.
func exprText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if x := exprText(e.X); x != "" {
			return x + "." + e.Sel.Name
		}
	case *ast.IndexExpr:
		if x := exprText(e.X); x != "" {
			return x + "[…]"
		}
	case *ast.ParenExpr:
		return exprText(e.X)
	case *ast.StarExpr:
		return exprText(e.X)
	case *ast.UnaryExpr:
		return exprText(e.X)
	}
	return ""
}
