package mainpkg

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Generated is what [Plan.Generate] makes.
type Generated struct {
	Starts []string          // import path of each copy's package with the function Start(args []string); args[0] is the program's name
	Texts  map[string]string // of files that there are not, by their paths
	Files  map[string]string // paths of files that there are, by the paths at which a copy has them: those that it embeds
	Folder string            // where all of them are
	Path   string            // its import path
}

// Generate makes as many copies of the program. Each has a package of its own with
//
//	func Start(args []string)
//
// which runs the program from the initialization of its packages to the end of its function main.
func (p *Plan) Generate(copies int) Generated {
	g := Generated{Texts: map[string]string{}, Files: map[string]string{}, Folder: filepath.Join(p.Main.Dir, folder), Path: p.Main.ImportPath + "/" + folder}
	for i := 1; i <= copies; i++ {
		n := strconv.Itoa(i)
		at := func(importPath, name string) string {
			return filepath.Join(g.Folder, "n"+n, filepath.FromSlash(open(importPath)), filepath.FromSlash(name))
		}
		for _, s := range p.sources {
			g.Texts[at(s.pkg.ImportPath, s.name)] = strings.ReplaceAll(s.text, "/"+folder+"/n"+number, "/"+folder+"/n"+n)
		}
		for _, x := range p.Copied {
			for _, name := range x.EmbedFiles {
				g.Files[at(x.ImportPath, name)] = x.file(name)
			}
		}
		g.Texts[at(state, "state.go")] = stateText
		g.Texts[at(starting, "start.go")] = p.startText(n)
		g.Starts = append(g.Starts, p.copyPath(n, starting))
	}
	return g
}

// starting is the last element of the import path of the package that starts a copy.
const starting = "capsizestart"

const stateText = `// Package capsizestate has what is of one copy of a program.
package capsizestate

// Args is os.Args of the copy.
var Args = new([]string)

// Renew gives a variable new memory.
func Renew[T any](p **T) { *p = new(T) }
`

// startText returns the package that starts a copy.
func (p *Plan) startText(n string) string {
	var imports, calls strings.Builder
	for i, x := range p.order() {
		fmt.Fprintf(&imports, "\tp%d %q\n", i, p.copyPath(n, x.ImportPath))
		fmt.Fprintf(&calls, "\tp%d.%sstart()\n", i, prefix)
		if x == p.Main {
			fmt.Fprintf(&calls, "\tp%d.%smain()\n", i, prefix)
		}
	}
	return fmt.Sprintf("package %s\n\nimport (\n\t%q\n%s)\n\n// Start runs the program.\nfunc Start(args []string) {\n\t%s.Args = &args\n%s}\n",
		starting, p.copyPath(n, state), imports.String(), path.Base(state), calls.String())
}

// order returns the copied packages in the order in which Go initializes them: of those whose imports are initialized, the
// one with the first import path is next.
func (p *Plan) order() []*Package {
	waiting := slices.Clone(p.Copied)
	slices.SortFunc(waiting, func(a, b *Package) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	var all []*Package
	done := map[string]bool{}
	for len(waiting) > 0 {
		i := slices.IndexFunc(waiting, func(x *Package) bool {
			return !slices.ContainsFunc(x.Imports, func(to string) bool { return p.private[to] && !done[to] })
		})
		x := waiting[i] // there are no cycles
		all, done[x.ImportPath] = append(all, x), true
		waiting = slices.Delete(waiting, i, i+1)
	}
	return all
}
