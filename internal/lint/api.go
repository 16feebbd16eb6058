package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/printer"
	"slices"
	"strings"
)

// API returns the exported names of each package that users of the module may import, one declaration a line, sorted. Kept
// in a file, it shows in a diff what a change does to users.
func API(m *Module) (string, error) {
	var lines []string
	for _, p := range m.Packages {
		if p.Name == "main" || slices.Contains(strings.Split(p.Path, "/"), "internal") || strings.HasPrefix(p.Path, "examples/") {
			continue
		}
		for _, f := range p.Files {
			if f.Test || f.Ignored {
				continue
			}
			for _, d := range f.Syntax.Decls {
				of, err := m.exported(d)
				if err != nil {
					return "", fmt.Errorf("%s: %w", f.Name, err)
				}
				for _, text := range of {
					lines = append(lines, p.Path+": "+text)
				}
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n", nil
}

// exported returns a declaration as lines, if it is of something exported.
func (m *Module) exported(d ast.Decl) (lines []string, err error) {
	add := func(prefix string, n any) {
		text, e := m.oneLine(n)
		if err == nil {
			err = e
		}
		lines = append(lines, prefix+text)
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiver(d.Recv.List[0].Type))) {
			add("", &ast.FuncDecl{Recv: d.Recv, Name: d.Name, Type: d.Type})
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					fields := exportedFields(s.Type)
					add("type ", &ast.TypeSpec{Name: s.Name, TypeParams: s.TypeParams, Assign: s.Assign, Type: withoutBody(s.Type)})
					for _, f := range fields {
						add("type "+s.Name.Name+" has ", f)
					}
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if n.IsExported() {
						lines = append(lines, d.Tok.String()+" "+n.Name)
					}
				}
			}
		}
	}
	return lines, err
}

// oneLine prints a node on one line.
func (m *Module) oneLine(n any) (string, error) {
	if f, ok := n.(*ast.Field); ok {
		text, err := m.oneLine(f.Type)
		if err != nil || len(f.Names) == 0 {
			return text, err
		}
		return f.Names[0].Name + " " + text, nil
	}
	var b bytes.Buffer
	if err := printer.Fprint(&b, m.fset, n); err != nil {
		return "", err
	}
	return strings.Join(strings.Fields(b.String()), " "), nil
}

// withoutBody returns a type whose fields or methods are listed apart.
func withoutBody(t ast.Expr) ast.Expr {
	switch t.(type) {
	case *ast.StructType:
		return &ast.StructType{Fields: &ast.FieldList{}}
	case *ast.InterfaceType:
		return &ast.InterfaceType{Methods: &ast.FieldList{}}
	}
	return t
}

// exportedFields returns the exported fields of a struct, or methods of an interface, one name each.
func exportedFields(t ast.Expr) (all []*ast.Field) {
	var list *ast.FieldList
	switch t := t.(type) {
	case *ast.StructType:
		list = t.Fields
	case *ast.InterfaceType:
		list = t.Methods
	default:
		return nil
	}
	for _, f := range list.List {
		if len(f.Names) == 0 {
			all = append(all, &ast.Field{Type: f.Type})
		}
		for _, n := range f.Names {
			if n.IsExported() {
				all = append(all, &ast.Field{Names: []*ast.Ident{n}, Type: f.Type})
			}
		}
	}
	return all
}
