package overlay

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
)

// A pattern is a statement or an expression to look for. The name _ in it stands for any expression.
type pattern struct{ node ast.Node }

// parsePattern parses "runqput(_, newg, _)", "gp.bubble = bubble" or "schedule()".
func parsePattern(text string) (pattern, error) {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p; func _() { "+text+" }", parser.SkipObjectResolution)
	if err != nil {
		return pattern{}, fmt.Errorf("pattern %q: %w", text, err)
	}
	list := f.Decls[0].(*ast.FuncDecl).Body.List
	if len(list) != 1 {
		return pattern{}, fmt.Errorf("pattern %q is not one statement", text)
	}
	if e, ok := list[0].(*ast.ExprStmt); ok {
		return pattern{e.X}, nil
	}
	return pattern{list[0]}, nil
}

// occursIn reports whether the pattern is a node or part of it, but for the blocks in it, since those
// have statements of their own.
func (p pattern) occursIn(n ast.Node) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n.(type) {
		case nil, *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
			return false
		}
		_, ok := p.match(n)
		found = found || ok
		return !found
	})
	return found
}

// match reports whether a node is the pattern, and what the wildcards stood for.
func (p pattern) match(n ast.Node) (wild []ast.Expr, ok bool) {
	var c comparison
	ok = c.same(reflect.ValueOf(p.node), reflect.ValueOf(n))
	return c.wild, ok
}

var position = reflect.TypeFor[token.Pos]()

// A comparison is of a pattern with a syntax tree, but for positions.
type comparison struct{ wild []ast.Expr }

func (c *comparison) same(p, n reflect.Value) bool {
	if p.Kind() == reflect.Interface {
		p = p.Elem()
	}
	if n.Kind() == reflect.Interface {
		n = n.Elem()
	}
	switch {
	case !p.IsValid() || !n.IsValid():
		return p.IsValid() == n.IsValid()
	case isWildcard(p):
		e, ok := n.Interface().(ast.Expr)
		c.wild = append(c.wild, e)
		return ok
	case p.Type() != n.Type():
		return false
	}
	switch p.Kind() {
	case reflect.Pointer:
		return p.IsNil() && n.IsNil() || !p.IsNil() && !n.IsNil() && c.same(p.Elem(), n.Elem())
	case reflect.Slice:
		same := p.Len() == n.Len()
		for i := 0; same && i < p.Len(); i++ {
			same = c.same(p.Index(i), n.Index(i))
		}
		return same
	case reflect.Struct:
		for i := range p.NumField() {
			if p.Field(i).Type() != position && !c.same(p.Field(i), n.Field(i)) {
				return false
			}
		}
		return true
	}
	return p.Equal(n)
}

// isWildcard reports whether a part of a pattern stands for any expression.
func isWildcard(p reflect.Value) bool {
	id, ok := p.Interface().(*ast.Ident)
	return ok && id != nil && id.Name == "_"
}
