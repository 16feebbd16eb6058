package astest

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/gosource"
)

// A Source is the Go test that saved a failure, as its package has it.
type Source struct {
	f       failure.Failure
	file    string            // that the test is in
	text    []byte            // of the file
	set     *token.FileSet    //
	syntax  *ast.File         //
	test    *ast.FuncDecl     // the test
	imports map[string]string // of the file: names by paths
	runs    []*ast.CallExpr   // its calls of capsize.Run
	chosen  int               // which of them saved the failure
}

// Find finds the test of a failure in the folder of its package. It is an error if there is no such test, or if the
// call of capsize.Run can't be told that saved the failure.
func Find(f failure.Failure, dir string) (*Source, error) {
	name, _, _ := strings.Cut(f.Record.Test, "/")
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	for _, file := range files {
		s := &Source{f: f, file: file, set: token.NewFileSet()}
		if s.text, err = os.ReadFile(file); err != nil {
			return nil, fmt.Errorf("read the test: %w", err)
		}
		if len(s.text) == 0 {
			continue // the shell has made it, for the test that is printed
		}
		if s.syntax, err = parser.ParseFile(s.set, file, s.text, parser.ParseComments); err != nil {
			return nil, fmt.Errorf("read the test: %w", err)
		}
		for _, d := range s.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == name && fn.Body != nil {
				s.test = fn
				return s, s.find()
			}
		}
	}
	return nil, fmt.Errorf("there is no test %s in %s any more", name, dir)
}

// find finds the calls of capsize.Run, and which of them saved the failure.
func (s *Source) find() error {
	s.imports = map[string]string{}
	for _, spec := range s.syntax.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the compiler says more
		}
		s.imports[importPath] = importName(importPath)
		if spec.Name != nil {
			s.imports[importPath] = spec.Name.Name
		}
	}
	pkg := cmp.Or(s.imports[capsizePath], "capsize")
	ast.Inspect(s.test.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if x, ok := call.Fun.(*ast.SelectorExpr); ok && x.Sel.Name == "Run" && len(call.Args) == 2 && isPackage(x.X, pkg) {
			s.runs = append(s.runs, call)
		}
		return true
	})
	if len(s.runs) == 0 {
		return fmt.Errorf("%s: %s does not call %s.Run itself, so no test can be made of it", s.set.Position(s.test.Pos()), s.test.Name.Name, pkg)
	}
	var ok bool
	if s.chosen, ok = s.choose(); !ok {
		return fmt.Errorf("%s: which call of %s.Run in %s is %q can't be told", s.set.Position(s.test.Pos()), pkg, s.test.Name.Name, s.f.Record.Run)
	}
	return nil
}

// isPackage reports whether an expression is the name of an imported package.
func isPackage(x ast.Expr, name string) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == name && id.Obj == nil
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9._+-]+`)

// choose returns the call whose key is that of the failure: its name, or its number among the calls without one.
func (s *Source) choose() (int, bool) {
	unnamed := 0
	for i, call := range s.runs {
		key := strings.Trim(notInNames.ReplaceAllString(nameOf(call.Args[1]), "-"), "-.")
		if key == "" {
			if unnamed++; unnamed > 1 {
				key = strconv.Itoa(unnamed)
			}
		}
		if key == s.f.Record.Run {
			return i, true
		}
	}
	return 0, false
}

// nameOf returns the Name in a literal of capsize.Test; empty if it has none that can be read.
func nameOf(x ast.Expr) string {
	lit, ok := x.(*ast.CompositeLit)
	if !ok {
		return ""
	}
	for _, el := range lit.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		key, isName := kv.Key.(*ast.Ident)
		value, isText := kv.Value.(*ast.BasicLit)
		if isName && isText && key.Name == "Name" && value.Kind == token.STRING {
			text, err := strconv.Unquote(value.Value)
			if err == nil {
				return text
			}
		}
	}
	return ""
}

var major = regexp.MustCompile(`^v\d+$`)

// importName returns the name that a package most likely has.
func importName(importPath string) string {
	base := path.Base(importPath)
	if major.MatchString(base) {
		base = path.Base(path.Dir(importPath))
	}
	base, _, _ = strings.Cut(base, ".")
	return strings.TrimSuffix(strings.TrimPrefix(base, "go-"), "-go")
}

// Imports returns the packages that the file of the test imports: their names by their paths.
func (s *Source) Imports() map[string]string { return s.imports }

// Copy returns the source of a test that repeats the failure: a copy of the test that saved it, in which the call of
// capsize.Run is replaced. It belongs into the same package. The inputs are as the test spelled them; all are read from JSON if there are none. From is the file
// of the failure, for a comment.
func (s *Source) Copy(in gosource.Answer, from string) ([]byte, error) {
	e := &emitter{f: s.f, from: from}
	for importPath, name := range s.imports {
		e.file.Reserve(importPath, name)
	}
	for importPath, name := range in.Imports { // order: the names were given by the test
		e.file.Use(importPath, name)
	}
	if len(in.Texts) != len(s.f.Ops) {
		in.Texts = make([]string, len(s.f.Ops))
	}
	e.name = s.test.Name.Name + fmt.Sprint("Seed", s.f.Record.Seed)
	run := "repeat" + strings.TrimPrefix(e.name, "Test")
	e.comment()
	e.printf("%s\n\n", s.replaced(e, run))
	e.printf("// %s runs the failure in place of the seeds of the test.\n", run)
	e.printf("func %s(t *testing.T, test %s) {\nt.Helper()\n", run, e.capsize("Test"))
	if _, sub, ok := strings.Cut(s.f.Record.Test, "/"); ok {
		e.printf("if t.Name() != %q {\nreturn // the failure is one of another subtest\n}\n", e.name+"/"+sub)
	}
	for _, x := range e.parameters() {
		e.printf("test.%s = %s\n", x.name, x.value)
	}
	e.printf("test.Nemesis = ")
	e.plan()
	e.printf("\ntest.Script = ")
	e.script(in.Texts, "test.Workload")
	e.printf("\n")
	e.check()
	e.printf("}\n")
	return e.source(s.constraints(), s.syntax.Name.Name)
}

// replaced returns the text of the test with another name, and with its calls of capsize.Run replaced: that which saved
// the failure by run, others by nothing. It notes which packages that needs.
func (s *Source) replaced(e *emitter, run string) string {
	type edit struct {
		from, to int
		text     string
	}
	offset := func(p token.Pos) int { return s.set.Position(p).Offset }
	edits := []edit{{offset(s.test.Name.Pos()), offset(s.test.Name.End()), e.name}}
	replacedFuns := map[ast.Node]bool{}
	for i, call := range s.runs {
		text := run
		if i != s.chosen {
			text = fmt.Sprintf("func(*testing.T, %s) {}", e.capsize("Test"))
		}
		replacedFuns[call.Fun] = true
		edits = append(edits, edit{offset(call.Fun.Pos()), offset(call.Fun.End()), text})
	}
	ast.Inspect(s.test, func(n ast.Node) bool {
		if x, ok := n.(*ast.SelectorExpr); ok && !replacedFuns[n] {
			for importPath, name := range s.imports { // order: each has a name of its own
				if isPackage(x.X, name) {
					e.file.Use(importPath, name)
				}
			}
		}
		return !replacedFuns[n]
	})
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var b strings.Builder
	at := offset(s.test.Pos())
	for _, x := range edits {
		b.Write(s.text[at:x.from])
		b.WriteString(x.text)
		at = x.to
	}
	b.Write(s.text[at:offset(s.test.End())])
	return b.String()
}

// constraints returns the lines of the file that say when it is built.
func (s *Source) constraints() string {
	var lines []string
	for _, g := range s.syntax.Comments {
		if g.Pos() >= s.syntax.Package {
			break
		}
		for _, c := range g.List {
			if constraint.IsGoBuild(c.Text) {
				lines = append(lines, c.Text+"\n\n")
			}
		}
	}
	return strings.Join(lines, "")
}
