package mainpkg

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// folder is the last element of the path below which the copies are, which no package of a user has.
const folder = "capsizeprogram"

// flags is the one package of the standard library that is copied.
const flags = "flag"

// A Plan says which packages of a program are copied for each node.
type Plan struct {
	Main   *Package
	Copied []*Package // dependencies first; Main is the last
	Notes  []string   // what is not as one may expect, a sentence each

	all     map[string]*Package
	private map[string]bool
	sources []source // of the copied packages, but for the number of the copy
}

// New plans copies of the program that go list described; see [Load]. Packages whose import paths match one of the patterns are copied too: a pattern
// is an import path, one that ends in /... for all below, or "all".
func New(list []*Package, patterns []string) (*Plan, error) {
	p := &Plan{Main: list[len(list)-1], all: map[string]*Package{}}
	for _, x := range list {
		p.all[x.ImportPath] = x
	}
	if why := p.Main.foreign(); why != "" {
		return nil, fmt.Errorf("main package %s has %s: only Go source can be started once for each node", p.Main.ImportPath, why)
	}
	wanted := map[string]bool{}
	for _, x := range list {
		w, err := p.wants(x, patterns)
		if err != nil {
			return nil, err
		}
		wanted[x.ImportPath] = w
	}
	shared := map[string]string{} // packages that can't be copied, and why
	for _, x := range list {
		if why := x.foreign(); why != "" && !x.Standard {
			p.share(x, x.ImportPath+" has "+why, shared)
		}
	}
	for {
		p.choose(list, wanted, shared)
		err := p.rewrite()
		var can *cannotError
		if !errors.As(err, &can) || can.pkg == p.Main {
			return p.finish(list, wanted, shared, err)
		}
		p.share(can.pkg, can.Error(), shared)
	}
}

// share notes that a package, and all that it needs, is shared: a type of a copy is another one than that of the original.
func (p *Plan) share(x *Package, why string, shared map[string]string) {
	if shared[x.ImportPath] != "" || x.Standard {
		return
	}
	shared[x.ImportPath] = why
	for _, to := range x.Imports {
		if q := p.all[to]; q != nil {
			p.share(q, why, shared)
		}
	}
}

// wants reports whether a package has state that must be of one node, or is asked for.
func (p *Plan) wants(x *Package, patterns []string) (bool, error) {
	if x.Standard {
		return false, nil
	}
	if x.Module != nil && x.Module.Main || slices.Contains(x.Imports, flags) {
		return true, nil
	}
	for _, pattern := range patterns {
		below, ok := strings.CutSuffix(pattern, "/...")
		if pattern == "all" || x.ImportPath == pattern || ok && within(below, x.ImportPath) {
			return true, nil
		}
	}
	if !slices.Contains(x.Imports, "os") {
		return false, nil
	}
	for _, name := range x.GoFiles {
		b, err := os.ReadFile(x.file(name))
		if err != nil {
			return false, fmt.Errorf("read the program: %w", err)
		}
		if bytes.Contains(b, []byte("os.Args")) {
			return true, nil
		}
	}
	return false, nil
}

func within(dir, name string) bool { return name == dir || strings.HasPrefix(name, dir+"/") }

// choose decides which packages are copied: those that are wanted, all that import one of them, and what only these may import.
func (p *Plan) choose(list []*Package, wanted map[string]bool, shared map[string]string) {
	p.private = map[string]bool{}
	for changed := true; changed; {
		changed = false
		for _, x := range list {
			if x.Standard || p.private[x.ImportPath] || shared[x.ImportPath] != "" {
				continue
			}
			if wanted[x.ImportPath] || slices.ContainsFunc(x.Imports, func(to string) bool { return p.private[to] && to != flags }) {
				p.private[x.ImportPath], changed = true, true
			}
		}
		for _, x := range list {
			for _, to := range x.Imports {
				if p.private[x.ImportPath] && p.all[to] != nil && !p.all[to].Standard && !p.private[to] && shared[to] == "" && !importable(p.Main.ImportPath, to) {
					p.private[to], changed = true, true
				}
			}
		}
	}
	for _, x := range list {
		p.private[flags] = p.private[flags] || p.private[x.ImportPath] && slices.Contains(x.Imports, flags)
	}
	p.Copied = slices.DeleteFunc(slices.Clone(list), func(x *Package) bool { return !p.private[x.ImportPath] })
}

// importable reports whether a package below another one may import a package, as far as internal folders go.
func importable(below, to string) bool {
	elems := strings.Split(to, "/")
	i := len(elems) - 1
	for i >= 0 && elems[i] != "internal" {
		i--
	}
	return i < 0 || within(strings.Join(elems[:i], "/"), below)
}

// finish says what is shared though it should not be.
func (p *Plan) finish(list []*Package, wanted map[string]bool, shared map[string]string, err error) (*Plan, error) {
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		if why := shared[x.ImportPath]; wanted[x.ImportPath] && why != "" {
			p.Notes = append(p.Notes, fmt.Sprintf("the variables of package %s are shared by all nodes, since %s", x.ImportPath, why))
		}
	}
	return p, nil
}

// copyPath returns the import path of a package in the copy with a number, which may be a placeholder.
func (p *Plan) copyPath(number, importPath string) string {
	return path.Join(p.Main.ImportPath, folder, "n"+number, open(importPath))
}

// open returns an import path without elements "internal": packages of a copy may all import each other.
func open(importPath string) string {
	elems := strings.Split(importPath, "/")
	for i, e := range elems {
		if e == "internal" {
			elems[i] = "capsizeinternal"
		}
	}
	return strings.Join(elems, "/")
}
