package lint

import (
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"
)

// recorded are the packages whose doings reach a history, in which the same seed
// must mean the same instant and the same order.
var recorded = []string{".", "history", "internal/engine", "internal/goroutines", "internal/keyed", "internal/simnet", "cluster", "cluster/...", "systems/...", "nemesis", "workloads"}

// A Ban forbids functions of a package.
type Ban struct {
	Path  string   // import path of the package
	Names []string // what must not be used of it; empty for everything but Types
	Types []string // what is a type, and does no harm
	In    []string // patterns of the packages that the ban is for; empty for all
	Tests bool     // whether the ban is for tests too
	Why   string   // what is wrong with it, and what to use instead
}

var bans = []Ban{
	{
		Path: "math/rand/v2", Types: []string{"Rand", "Source", "Zipf", "PCG", "ChaCha8"},
		Why: "only internal/keyed makes a random source: take what Host.Rand, a Turn or a Step offers",
	},
	{
		Path: "math/rand", Types: []string{"Rand", "Source", "Source64", "Zipf"},
		Why: "only internal/keyed makes a random source, of math/rand/v2",
	},
	{
		Path: "math/rand/v2", Tests: true,
		Names: []string{"Int", "IntN", "Int32", "Int32N", "Int64", "Int64N", "N", "Uint", "UintN", "Uint32", "Uint32N", "Uint64", "Uint64N",
			"Float32", "Float64", "ExpFloat64", "NormFloat64", "Perm", "Shuffle"},
		Why: "a test that draws from the global source can't be repeated: make one with a seed",
	},
	{
		Path: "math/rand", Tests: true,
		Names: []string{"Int", "Intn", "Int31", "Int31n", "Int63", "Int63n", "Uint32", "Uint64",
			"Float32", "Float64", "ExpFloat64", "NormFloat64", "Perm", "Shuffle", "Read", "Seed"},
		Why: "a test that draws from the global source can't be repeated: make one with a seed, of math/rand/v2",
	},
	{Path: "crypto/rand", Why: "what it yields can't be repeated: draw from internal/keyed"},
	{
		Path: "time", In: recorded,
		Names: []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"},
		Why:   "two hosts would act at the same instant, in random order: take Host.Clock, Host.Sleep, Host.AfterFunc",
	},
	{
		Path: "context", In: recorded,
		Names: []string{"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"},
		Why:   "it ends between the instants of its host: take Host.WithTimeout",
	},
}

// Calls finds uses of what is banned, and allowances that nothing uses.
func Calls(m *Module, bans []Ban, allowed []Allowance) []Problem {
	var problems []Problem
	used := make([]bool, len(allowed))
	for _, p := range m.Packages {
		for _, f := range p.Files {
			for _, u := range f.uses() {
				if why := banned(bans, p.Path, f.Test, u); why == "" {
					continue
				} else if i := slices.IndexFunc(allowed, func(a Allowance) bool { return a.covers(p.Path, u) }); i >= 0 {
					used[i] = true
				} else {
					problems = append(problems, f.at(u.node, "%s uses %s.%s: %s", u.in, u.path, u.name, why))
				}
			}
		}
	}
	for i, a := range allowed {
		if !used[i] {
			problems = append(problems, Problem{Text: fmt.Sprintf(
				"allowed in internal/lint is that %s of %s uses %s, which it does not: remove it from the list", a.Function, a.Package, a.Uses)})
		}
	}
	return sorted(problems)
}

// banned says why a use is banned; it is empty if it is not.
func banned(bans []Ban, pkg string, test bool, u use) string {
	for _, b := range bans {
		if b.Path != u.path || test && !b.Tests {
			continue
		}
		if len(b.In) > 0 && !slices.ContainsFunc(b.In, func(in string) bool { return matches(in, pkg) }) {
			continue
		}
		if len(b.Names) == 0 && !slices.Contains(b.Types, u.name) || slices.Contains(b.Names, u.name) {
			return b.Why
		}
	}
	return ""
}

func (a Allowance) covers(pkg string, u use) bool {
	if a.Package != pkg || a.Function != "*" && a.Function != u.in {
		return false
	}
	all, ok := strings.CutSuffix(a.Uses, ".*")
	return ok && all == u.path || a.Uses == u.path+"."+u.name
}

// A use is one mention of a name that another package exports.
type use struct {
	path, name string // "time", "Now"
	in         string // the function, or the variable or type at top level, that mentions it
	node       ast.Node
}

// uses returns what the file mentions of the packages that it imports.
func (f *File) uses() []use {
	names := map[string]string{}
	for _, spec := range f.Syntax.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := importName(to)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = to
	}
	var found []use
	for _, d := range f.Syntax.Decls {
		in := declName(d)
		ast.Inspect(d, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if to, imported := names[ident(x, ok)]; imported {
				found = append(found, use{to, sel.Sel.Name, in, sel})
			}
			return true
		})
	}
	return found
}

// ident returns the name of an identifier that there may not be.
func ident(x *ast.Ident, ok bool) string {
	if !ok {
		return ""
	}
	return x.Name
}

// importName guesses the name of a package from its path: what comes last but
// for a major version.
func importName(importPath string) string {
	parts := strings.Split(importPath, "/")
	last := parts[len(parts)-1]
	if len(parts) > 1 && len(last) > 1 && last[0] == 'v' && strings.Trim(last[1:], "0123456789") == "" {
		last = parts[len(parts)-2]
	}
	return last
}

// declName names a declaration: the function, or the first name of a group.
func declName(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return functionName(d)
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.ValueSpec:
				return s.Names[0].Name
			case *ast.TypeSpec:
				return s.Name.Name
			}
		}
	}
	return ""
}
