package lint

import (
	"errors"
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// orderMark begins the comment that says why the order of an iteration does not
// matter; it stands on the line of the iteration or on the one above.
const orderMark = "// order: "

// inOrder are the packages in which the order of a map must not decide anything:
// those that reach a history, and those that judge one, which must find the same
// words for it each time.
var inOrder = append(slices.Clone(recorded), "checker")

// MapOrder finds iterations in the order of a map in the packages that match one
// of the patterns. Go shuffles that order, so it must not decide anything that a
// history shows. Sort the keys, or say in a comment why it does not matter.
func MapOrder(m *Module, patterns []string) []Problem {
	var problems []Problem
	imp := importer.ForCompiler(m.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(m.exports[path]) })
	for _, p := range m.Packages {
		if !slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, p.Path) }) {
			continue
		}
		info, err := m.check(p, imp)
		if err != nil {
			problems = append(problems, Problem{File: p.Files[0].Name, Text: "types of package " + p.Path + " are not known: " + message(err)})
		}
		for _, f := range p.Files {
			if !f.Test && !f.Ignored {
				problems = append(problems, f.unordered(info)...)
			}
		}
	}
	return sorted(problems)
}

// check finds the types of all expressions in a package. It returns what it has
// along with the first error.
func (m *Module) check(p *Package, imp types.Importer) (*types.Info, error) {
	var files []*ast.File
	for _, f := range p.Files {
		if !f.Test && !f.Ignored {
			files = append(files, f.Syntax)
		}
	}
	var first error
	conf := types.Config{Importer: imp, Error: func(err error) {
		if first == nil {
			first = err
		}
	}}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	if _, err := conf.Check(path.Join(m.Path, p.Path), m.fset, files, info); first == nil {
		first = err
	}
	return info, first
}

// message returns what is wrong without where, which differs between machines.
func message(err error) string {
	if e := (types.Error{}); errors.As(err, &e) {
		return e.Msg
	}
	return err.Error()
}

// unordered finds a file's iterations in the order of a map.
func (f *File) unordered(info *types.Info) []Problem {
	excused := f.excuses()
	var problems []Problem
	complain := func(n ast.Node, what string) {
		line := f.line(n.Pos())
		if !excused[line] && !excused[line-1] {
			problems = append(problems, f.at(n, "%s in the order of a map: sort the keys, or say why it does not matter in a comment %q", what, orderMark))
		}
	}
	ordered := map[ast.Expr]bool{}
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.RangeStmt:
			if isMap(info.TypeOf(n.X)) && (takes(n.Key) || takes(n.Value)) {
				complain(n, "iterates")
			}
		case *ast.CallExpr:
			switch name := calledName(info, n); {
			case strings.HasPrefix(name, "slices.Sorted"):
				ordered[n.Args[0]] = true
			case slices.Contains([]string{"maps.All", "maps.Keys", "maps.Values"}, name) && !ordered[n]:
				complain(n, name+" yields")
			case name == "(*sync.Map).Range":
				complain(n, "iterates")
			}
		}
		return true
	})
	return problems
}

// excuses returns the lines with a comment that excuses the order.
func (f *File) excuses() map[int]bool {
	lines := map[int]bool{}
	for _, group := range f.Syntax.Comments {
		for _, c := range group.List {
			if why, ok := strings.CutPrefix(c.Text, orderMark); ok && len(strings.Fields(why)) > 1 {
				// The reason may go on: it counts for the line after its group.
				lines[f.line(c.Pos())] = true
				lines[f.line(group.End()-token.Pos(1))] = true
			}
		}
	}
	return lines
}

func isMap(t types.Type) bool {
	if t == nil {
		return false
	}
	if p, ok := t.(*types.TypeParam); ok {
		return constrainsToMap(p)
	}
	_, ok := t.Underlying().(*types.Map)
	return ok
}

// constrainsToMap reports whether a type parameter admits some map: M of
// [M ~map[K]V].
func constrainsToMap(p *types.TypeParam) bool {
	i, ok := p.Constraint().Underlying().(*types.Interface)
	for n := 0; ok && n < i.NumEmbeddeds(); n++ {
		u, ok := i.EmbeddedType(n).(*types.Union)
		for k := 0; ok && k < u.Len(); k++ {
			if isMap(u.Term(k).Type()) {
				return true
			}
		}
	}
	return false
}

// takes reports whether a loop looks at its key or value: one that only counts
// goes the same way in any order.
func takes(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return e != nil && !(ok && id.Name == "_")
}

// calledName returns the full name of the function that is called, "maps.Keys",
// and nothing if it is not known.
func calledName(info *types.Info, call *ast.CallExpr) string {
	fun := ast.Unparen(call.Fun)
	if ix, ok := fun.(*ast.IndexExpr); ok {
		fun = ix.X
	}
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if f, ok := info.Uses[sel.Sel].(*types.Func); ok {
		return f.FullName()
	}
	return ""
}
