package mainpkg

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// keep finds the variables that stay as they are: those whose contents the linker puts there.
func (r *rewriter) keep(f *file) {
	for _, group := range f.ast.Comments {
		for _, c := range group.List {
			if fields := strings.Fields(c.Text); len(fields) >= 2 && fields[0] == "//go:linkname" {
				r.kept[r.pkg.ImportPath+"."+fields[1]] = true
			}
		}
	}
	for _, d := range f.ast.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.VAR {
			continue
		}
		for _, s := range decl.Specs {
			spec := s.(*ast.ValueSpec)
			if embeds(decl.Doc) || embeds(spec.Doc) {
				for _, n := range spec.Names {
					r.kept[r.pkg.ImportPath+"."+n.Name] = true
				}
			}
		}
	}
}

func embeds(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

// declarations makes pointers of the package variables of a file.
func (r *rewriter) declarations(f *file) ([]edit, error) {
	var edits []edit
	for _, d := range f.ast.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.VAR {
			continue
		}
		between := "; "
		if !decl.Lparen.IsValid() {
			between = "; var "
		}
		for _, s := range decl.Specs {
			spec := s.(*ast.ValueSpec)
			parts, err := r.pointers(f, spec)
			if err != nil {
				return nil, err
			}
			if parts == nil {
				continue // it stays as it is
			}
			from, to := r.offset(spec.Pos()), r.offset(spec.End())
			text := strings.Join(parts, between)
			lines := strings.Count(f.text[from:to], "\n") - strings.Count(text, "\n")
			edits = append(edits, edit{from, to, text + strings.Repeat("\n", max(0, lines))})
		}
	}
	return edits, nil
}

// pointers returns the declarations of the pointers for the variables of one line.
func (r *rewriter) pointers(f *file, spec *ast.ValueSpec) (parts []string, err error) {
	for _, n := range spec.Names {
		if r.kept[r.pkg.ImportPath+"."+n.Name] {
			return nil, nil
		}
		if n.Name == "_" {
			continue
		}
		t := ""
		if spec.Type != nil {
			t = f.render(r.offset(spec.Type.Pos()), r.offset(spec.Type.End()))
		} else if t, err = r.typeText(f, r.info.Defs[n].Type()); err != nil {
			why := fmt.Sprintf("%v: %v: give the variable %s a type that can be named", r.fset.Position(n.Pos()), err, n.Name)
			return nil, &cannotError{r.pkg, why}
		}
		parts = append(parts, fmt.Sprintf("%s%s *(%s)", prefix, n.Name, t))
		r.vars = append(r.vars, prefix+n.Name)
	}
	if parts == nil {
		parts = []string{"_ int"} // only blanks: their values are computed at the start
	}
	return parts, nil
}

// typeText writes a type as the file can name it.
func (r *rewriter) typeText(f *file, t types.Type) (text string, err error) {
	text = types.TypeString(t, func(p *types.Package) string {
		if p.Path() == r.pkg.ImportPath {
			return ""
		}
		if err == nil && !importable(r.pkg.ImportPath, p.Path()) {
			err = fmt.Errorf("its type is of the internal package %s", p.Path())
		}
		return r.nameOf(f, p)
	})
	if err == nil {
		err = r.nameable(t, map[types.Type]bool{})
	}
	return text, err
}

// nameOf returns the name of a package in a file.
func (r *rewriter) nameOf(f *file, p *types.Package) string {
	for _, spec := range f.ast.Imports {
		if to, err := strconv.Unquote(spec.Path.Value); err != nil || to != p.Path() {
			continue
		}
		switch {
		case spec.Name == nil:
			return p.Name()
		case spec.Name.Name == ".":
			return ""
		case spec.Name.Name != "_":
			return spec.Name.Name
		}
	}
	to := p.Path()
	if r.plan.private[to] {
		to = r.plan.copyPath(number, to)
	}
	return r.aliasOf(f, to, p.Name())
}

// nameable returns an error if a type has one in it that only its own package can name.
func (r *rewriter) nameable(t types.Type, seen map[types.Type]bool) error {
	if seen[t] {
		return nil
	}
	seen[t] = true
	all := func(list ...types.Type) error {
		for _, u := range list {
			if err := r.nameable(u, seen); err != nil {
				return err
			}
		}
		return nil
	}
	named := func(obj *types.TypeName, args *types.TypeList) error {
		if p := obj.Pkg(); p != nil && p.Path() != r.pkg.ImportPath && !obj.Exported() {
			return fmt.Errorf("its type is %s.%s, which is not exported", p.Name(), obj.Name())
		}
		return all(slices.Collect(args.Types())...)
	}
	switch t := t.(type) {
	case *types.Alias:
		return named(t.Obj(), t.TypeArgs())
	case *types.Named:
		return named(t.Obj(), t.TypeArgs())
	case *types.Map:
		return all(t.Key(), t.Elem())
	case interface{ Elem() types.Type }: // pointers, slices, arrays and channels
		return all(t.Elem())
	case *types.Signature:
		return all(t.Params(), t.Results())
	case *types.Tuple:
		for v := range t.Variables() {
			if err := all(v.Type()); err != nil {
				return err
			}
		}
	case *types.Struct:
		for v := range t.Fields() {
			if !v.Exported() && v.Pkg() != nil && v.Pkg().Path() != r.pkg.ImportPath {
				return fmt.Errorf("its type has the field %s of package %s, which is not exported", v.Name(), v.Pkg().Name())
			}
			if err := all(v.Type()); err != nil {
				return err
			}
		}
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			if err := all(m.Type()); err != nil {
				return err
			}
		}
	}
	return nil
}

// initializers makes a function of each initial value, behind the end of the file that has it. Go's type checker knows the order.
func (r *rewriter) initializers() {
	for i, x := range r.info.InitOrder {
		f := r.fileOf(x.Rhs)
		if r.kept[r.pkg.ImportPath+"."+x.Lhs[0].Name()] {
			continue
		}
		value := f.render(r.offset(x.Rhs.Pos()), r.offset(x.Rhs.End()))
		var left []string
		for _, v := range x.Lhs {
			name := "(*" + prefix + v.Name() + ")"
			if v.Name() == "_" {
				name = "_"
			}
			left = append(left, name)
		}
		set := strings.Join(left, ", ") + " = " + value
		if len(left) == 1 && left[0] == "_" {
			set = "var _ " + r.blankType(f, x.Rhs) + " = " + value
		}
		name := fmt.Sprintf("capsizeValue%d", i+1)
		fmt.Fprintf(&f.tail, "\n//line %s:%d\nfunc %s() { %s }\n", r.pkg.file(f.name), r.fset.PositionFor(x.Rhs.Pos(), false).Line, name, set)
		r.inits = append(r.inits, name)
	}
}

// blankType returns the type that stands with a variable without a name that has that value; empty if there is none.
func (r *rewriter) blankType(f *file, value ast.Expr) string {
	for _, d := range f.ast.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.VAR {
			continue
		}
		for _, s := range decl.Specs {
			if spec := s.(*ast.ValueSpec); spec.Type != nil && slices.Contains(spec.Values, value) {
				return f.render(r.offset(spec.Type.Pos()), r.offset(spec.Type.End()))
			}
		}
	}
	return ""
}

func (r *rewriter) fileOf(n ast.Node) *file {
	i := slices.IndexFunc(r.files, func(f *file) bool { return f.ast.FileStart <= n.Pos() && n.Pos() < f.ast.FileEnd })
	return r.files[i]
}

// render returns a stretch of the file as edited so far. An edit that holds others takes their place.
func (f *file) render(from, to int) string {
	edits := slices.Clone(f.edits)
	if from == 0 && len(f.imports) > 0 { // behind the name of the package
		end := int(f.ast.Name.End() - f.ast.FileStart)
		edits = append(edits, edit{end, end, "; " + strings.Join(f.imports, "; ")})
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var b strings.Builder
	at := from
	for _, e := range edits {
		if e.from < at || e.to > to {
			continue
		}
		b.WriteString(f.text[at:e.from])
		b.WriteString(e.text)
		at = e.to
	}
	b.WriteString(f.text[at:to])
	return b.String()
}

// start returns the file with the function that starts the package: it gives the variables new memory and then their values, and calls the
// functions init.
func (r *rewriter) start() string {
	name := r.pkg.Name
	if name == "main" {
		name = prefix + "program"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n\n", name)
	if len(r.vars) > 0 {
		fmt.Fprintf(&b, "import %q\n\n", r.plan.copyPath(number, state))
	}
	fmt.Fprintf(&b, "func %sstart() {\n", prefix)
	for _, v := range r.vars {
		fmt.Fprintf(&b, "\t%s.Renew(&%s)\n", state, v)
	}
	for _, fn := range slices.Concat(r.inits, r.funcs) {
		fmt.Fprintf(&b, "\t%s()\n", fn)
	}
	b.WriteString("}\n")
	return b.String()
}
