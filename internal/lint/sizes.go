package lint

import (
	"fmt"
	"go/ast"
	"regexp"
)

// Limits of what a reader can keep in mind.
const (
	maxPackageFiles = 25
	maxPackageLines = 4500
	maxMethods      = 25
)

// Sizes finds packages with more files or lines, tests aside, and types with more methods, than a reader can keep in
// mind. A type may have more if its comment says why, in the words "methods because".
func Sizes(m *Module) []Problem {
	var problems []Problem
	for _, p := range m.Packages {
		files, lines := 0, 0
		methods, types := map[string]int{}, map[string]*ast.GenDecl{}
		first := ""
		for _, f := range p.Files {
			if f.Test {
				continue
			}
			files, lines = files+1, lines+f.Lines
			if first == "" {
				first = f.Name
			}
			count(f, methods, types)
		}
		if files > maxPackageFiles || lines > maxPackageLines {
			problems = append(problems, Problem{File: first, Text: fmt.Sprintf("package %s has %d files of %d lines; %d and %d are allowed", p.Path, files, lines, maxPackageFiles, maxPackageLines)})
		}
		for name, n := range methods { // order: problems are sorted
			if d := types[name]; n > maxMethods && !excused(d) {
				problems = append(problems, Problem{File: first, Text: fmt.Sprintf("type %s of package %s has %d methods; %d are allowed, or more if its comment says why: \"methods because …\"", name, p.Path, n, maxMethods)})
			}
		}
	}
	return sorted(problems)
}

// count counts the methods of each type, and notes the declarations of types.
func count(f *File, methods map[string]int, types map[string]*ast.GenDecl) {
	for _, d := range f.Syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv != nil {
				methods[receiver(d.Recv.List[0].Type)]++
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if t, ok := s.(*ast.TypeSpec); ok {
					types[t.Name.Name] = d
				}
			}
		}
	}
}

// excused reports whether the comment of a type says why it has many methods.
func excused(d *ast.GenDecl) bool {
	return d != nil && d.Doc != nil && methodsBecause.MatchString(d.Doc.Text())
}

var methodsBecause = regexp.MustCompile(`methods\s+because`)
