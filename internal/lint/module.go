package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Module is what the rules look at: the packages of a Go module, parsed.
type Module struct {
	Root     string // its folder
	Path     string // its import path
	Packages []*Package
	exports  map[string]string // the file with a package's export data, by import path
	fset     *token.FileSet
}

// A Package is one package of the module, with its tests.
type Package struct {
	Path  string // from the module's path: "checker", and "." for the root
	Name  string
	Files []*File
	Deps  []string // import paths of all that it needs without its tests
}

// A File is one Go file of a package.
type File struct {
	Name    string // from the module's root, with slashes
	Syntax  *ast.File
	Test    bool // whether its name ends in _test.go
	Ignored bool // whether it is for another platform
	Lines   int
	fset    *token.FileSet
}

// listed is what "go list -json" says of a package.
type listed struct {
	ImportPath, Name, Dir, Export string
	Module                        *struct {
		Path, Dir string
		Main      bool
	}
	GoFiles, CgoFiles, IgnoredGoFiles, TestGoFiles, XTestGoFiles []string
	Deps                                                         []string
}

// Load reads the module that dir belongs to.
func Load(dir string) (*Module, error) {
	packages, err := list(dir)
	if err != nil {
		return nil, err
	}
	m := &Module{exports: map[string]string{}, fset: token.NewFileSet()}
	for _, l := range packages {
		m.exports[l.ImportPath] = l.Export
		if l.Module == nil || !l.Module.Main {
			continue
		}
		m.Root, m.Path = l.Module.Dir, l.Module.Path
		p, err := m.parse(l)
		if err != nil {
			return nil, err
		}
		if len(p.Files) > 0 {
			m.Packages = append(m.Packages, p)
		}
	}
	if m.Root == "" {
		return nil, fmt.Errorf("no packages in the module of %s", dir)
	}
	return m, nil
}

// list has the go command describe the module's packages and all they need, with
// export data, which type checking takes instead of the sources of libraries.
func list(dir string) ([]listed, error) {
	root, err := moduleRoot(dir)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "list", "-e", "-export", "-deps", "-json="+
		"ImportPath,Name,Dir,Export,Module,GoFiles,CgoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles,Deps", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK=off", "PWD="+root)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list in %s: %w\n%s", root, err, &stderr)
	}
	var packages []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("output of go list: %w", err)
		}
		packages = append(packages, l)
	}
}

// moduleRoot returns the folder with the go.mod that governs dir.
func moduleRoot(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "go.mod")); err == nil {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("no go.mod above %s", dir)
		}
	}
}

// parse reads the files of a package.
func (m *Module) parse(l listed) (*Package, error) {
	p := &Package{Path: m.short(l.ImportPath), Name: l.Name, Deps: l.Deps}
	for _, group := range []struct {
		names   []string
		ignored bool
	}{
		{l.GoFiles, false}, {l.CgoFiles, false}, {l.TestGoFiles, false}, {l.XTestGoFiles, false}, {l.IgnoredGoFiles, true},
	} {
		for _, name := range group.names {
			f, err := m.parseFile(filepath.Join(l.Dir, name))
			if err != nil {
				return nil, err
			}
			f.Ignored = group.ignored
			p.Files = append(p.Files, f)
		}
	}
	return p, nil
}

func (m *Module) parseFile(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rel, err := filepath.Rel(m.Root, path)
	if err != nil {
		return nil, err
	}
	syntax, err := parser.ParseFile(m.fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	return &File{
		Name: filepath.ToSlash(rel), Syntax: syntax, Test: strings.HasSuffix(path, "_test.go"),
		Lines: bytes.Count(text, []byte("\n")), fset: m.fset,
	}, nil
}

// short returns an import path of the module from its root on: "checker", and
// "." for the root itself.
func (m *Module) short(importPath string) string {
	if importPath == m.Path {
		return "."
	}
	return strings.TrimPrefix(importPath, m.Path+"/")
}

// ours reports whether an import path belongs to the module.
func (m *Module) ours(importPath string) bool {
	return importPath == m.Path || strings.HasPrefix(importPath, m.Path+"/")
}

// functionName returns "Type.Method" or "function".
func functionName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	return receiver(d.Recv.List[0].Type) + "." + d.Name.Name
}

// receiver returns the name of the type of a receiver: T of T, *T and T[K].
func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}

// matches reports whether a package's path is that of a pattern. A pattern that
// ends in "/..." stands for the packages below, not for the one that it names.
func matches(pattern, path string) bool {
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.HasPrefix(path, below+"/")
	}
	return pattern == path
}
