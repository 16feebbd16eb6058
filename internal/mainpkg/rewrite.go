package mainpkg

import (
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"strconv"
	"strings"
)

// A cannotError says why a package can't be copied.
type cannotError struct {
	pkg *Package
	why string
}

func (e *cannotError) Error() string {
	return fmt.Sprintf("%s can't be copied: %s", e.pkg.ImportPath, e.why)
}

// A source is one file of a copied package.
type source struct {
	pkg  *Package
	name string
	text string // with [number] in the import paths of copies
}

// number stands in import paths for the number of the copy.
const number = "@"

// state is the last element of the import path of the package that has what is of one copy: the arguments.
const state = "capsizestate"

// prefix begins the names that a copy has and the original has not. They are exported, as packages of a copy use each other's.
const prefix = "Capsize_"

// rewrite makes the sources of all packages that are copied.
func (p *Plan) rewrite() error {
	p.sources = nil
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		x := p.all[path]
		if x == nil {
			x = p.all["vendor/"+path]
		}
		if x == nil || x.Export == "" {
			return nil, fmt.Errorf("go list has no export data of %s", path)
		}
		return os.Open(x.Export)
	})
	kept := map[string]bool{}
	for _, x := range p.Copied {
		r := &rewriter{plan: p, pkg: x, fset: fset, kept: kept, info: types.Info{
			Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		}}
		if err := r.check(imports); err != nil {
			return err
		}
		if err := r.rewrite(); err != nil {
			return err
		}
	}
	return nil
}

// A rewriter makes the sources of one package.
type rewriter struct {
	plan  *Plan
	pkg   *Package
	fset  *token.FileSet
	info  types.Info
	files []*file
	kept  map[string]bool // variables, with their packages, that stay as they are

	inits []string // the functions that give the variables their values, in order
	funcs []string // the functions init, in order
	vars  []string // that get new memory
}

// A file is one of the package.
type file struct {
	name    string
	text    string
	ast     *ast.File
	edits   []edit
	tail    strings.Builder // declarations behind the end
	imports []string        // further import declarations
	aliases map[string]string
}

// An edit replaces a stretch of a file.
type edit struct {
	from, to int
	text     string
}

// check parses the package and finds out what its names mean.
func (r *rewriter) check(imports types.Importer) error {
	var trees []*ast.File
	for _, name := range r.pkg.GoFiles {
		path := r.pkg.file(name)
		b, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read the program: %w", err)
		}
		tree, err := parser.ParseFile(r.fset, path, b, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("read the program: %w", err)
		}
		r.files = append(r.files, &file{name: name, text: string(b), ast: tree, aliases: map[string]string{}})
		trees = append(trees, tree)
	}
	var first error
	config := types.Config{Importer: imports, Error: func(err error) { first = errors.Join(first, err) }}
	if m := r.pkg.Module; m != nil && m.GoVersion != "" {
		config.GoVersion = "go" + m.GoVersion
	}
	if _, err := config.Check(r.pkg.ImportPath, r.fset, trees, &r.info); err != nil {
		return fmt.Errorf("read package %s: %w", r.pkg.ImportPath, first)
	}
	return nil
}

// rewrite makes the sources.
func (r *rewriter) rewrite() error {
	for _, f := range r.files {
		r.keep(f)
	}
	for _, f := range r.files {
		r.uses(f)
		if err := r.importEdits(f); err != nil {
			return err
		}
		r.functions(f)
	}
	specs := map[*file][]edit{}
	for _, f := range r.files {
		edits, err := r.declarations(f)
		if err != nil {
			return err
		}
		specs[f] = edits
	}
	r.initializers()
	for _, f := range r.files {
		f.edits = append(f.edits, specs[f]...)
		text := f.render(0, len(f.text))
		if f.tail.Len() > 0 {
			text += "\n" + f.tail.String()
		}
		line := fmt.Sprintf("//line %s:1\n", r.pkg.file(f.name))
		r.plan.sources = append(r.plan.sources, source{r.pkg, f.name, line + text})
	}
	r.plan.sources = append(r.plan.sources, source{r.pkg, "capsize_start.go", r.start()})
	return nil
}

// offset returns where in its file a position is.
func (r *rewriter) offset(pos token.Pos) int { return r.fset.File(pos).Offset(pos) }

// replace notes an edit.
func (r *rewriter) replace(f *file, from, to token.Pos, text string) {
	f.edits = append(f.edits, edit{r.offset(from), r.offset(to), text})
}

// importEdits has the file import the copies of packages.
func (r *rewriter) importEdits(f *file) error {
	for _, spec := range f.ast.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		if r.plan.private[to] {
			r.replace(f, spec.Path.Pos(), spec.Path.End(), strconv.Quote(r.plan.copyPath(number, to)))
		}
	}
	return nil
}

// functions gives the functions main and init other names.
func (r *rewriter) functions(f *file) {
	for _, d := range f.ast.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv != nil {
			continue
		}
		switch {
		case fn.Name.Name == "init":
			name := fmt.Sprintf("%sinit%d", prefix, len(r.funcs)+1)
			r.funcs = append(r.funcs, name)
			r.replace(f, fn.Name.Pos(), fn.Name.End(), name)
		case fn.Name.Name == "main" && r.pkg.Name == "main":
			r.replace(f, fn.Name.Pos(), fn.Name.End(), prefix+"main")
		}
	}
	if r.pkg.Name == "main" {
		r.replace(f, f.ast.Name.Pos(), f.ast.Name.End(), prefix+"program")
	}
}

// uses rewrites the uses of package variables, of os.Args and of the function main.
func (r *rewriter) uses(f *file) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if r.qualified(f, n) {
				return false
			}
		case *ast.Ident:
			r.use(f, n)
		}
		return true
	})
}

// qualified rewrites a use of another package's variable.
func (r *rewriter) qualified(f *file, n *ast.SelectorExpr) bool {
	x, ok := n.X.(*ast.Ident)
	if !ok {
		return false
	}
	if _, ok := r.info.Uses[x].(*types.PkgName); !ok {
		return false
	}
	v, ok := r.info.Uses[n.Sel].(*types.Var)
	if !ok {
		return true
	}
	switch path := v.Pkg().Path(); {
	case path == "os" && v.Name() == "Args":
		alias := r.aliasOf(f, r.plan.copyPath(number, state), state)
		r.replace(f, n.Pos(), n.End(), "(*"+alias+".Args)")
		fmt.Fprintf(&f.tail, "var _ = %s.Args // it is imported\n", x.Name)
	case r.moved(v):
		r.replace(f, n.Pos(), n.End(), "(*"+x.Name+"."+prefix+v.Name()+")")
	}
	return true
}

// use rewrites a use of a variable of the package itself, or of one that has the package's name not before it.
func (r *rewriter) use(f *file, n *ast.Ident) {
	switch obj := r.info.Uses[n].(type) {
	case *types.Var:
		if r.moved(obj) {
			r.replace(f, n.Pos(), n.End(), "(*"+prefix+obj.Name()+")")
		}
	case *types.Func:
		if obj.Name() == "main" && r.pkg.Name == "main" && obj.Pkg() != nil && obj.Parent() == obj.Pkg().Scope() {
			r.replace(f, n.Pos(), n.End(), prefix+"main")
		}
	}
}

// moved reports whether a variable is a package variable that has become a pointer.
func (r *rewriter) moved(v *types.Var) bool {
	return v.Pkg() != nil && v.Parent() == v.Pkg().Scope() && r.plan.private[v.Pkg().Path()] && !r.kept[v.Pkg().Path()+"."+v.Name()]
}

// aliasOf returns the name by which a file can name a package, and has it import the package if need be.
func (r *rewriter) aliasOf(f *file, importPath, name string) string {
	if a := f.aliases[importPath]; a != "" {
		return a
	}
	a := fmt.Sprintf("capsize%d%s", len(f.aliases)+1, name)
	f.aliases[importPath] = a
	f.imports = append(f.imports, fmt.Sprintf("import %s %q", a, importPath))
	return a
}
