package mainpkg

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// ListFields are the fields of "go list -json" that [Load] reads. The list needs -deps and -export.
const ListFields = "ImportPath,Name,Dir,Export,Standard,DepOnly,Module,GoFiles,CgoFiles,CFiles,CXXFiles,MFiles,HFiles,FFiles,SFiles,SwigFiles,SwigCXXFiles,SysoFiles,EmbedFiles,Imports"

// A Package is one of a program, as go list describes it.
type Package struct {
	ImportPath, Name, Dir string
	Export                string // file with its export data
	Standard, DepOnly     bool
	Module                *Module
	GoFiles, CgoFiles     []string
	EmbedFiles            []string
	Imports               []string

	CFiles, CXXFiles, MFiles, HFiles, FFiles, SFiles, SwigFiles, SwigCXXFiles, SysoFiles []string
}

// A Module is that of a package.
type Module struct {
	Path, Dir, GoVersion string
	Main                 bool
}

// Load reads what go list printed of one main package and all that it needs, dependencies first.
func Load(r io.Reader) ([]*Package, error) {
	var all []*Package
	var mains []string
	for d := json.NewDecoder(r); ; {
		p := new(Package)
		if err := d.Decode(p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read the output of go list: %w", err)
		}
		all = append(all, p)
		if !p.DepOnly {
			mains = append(mains, p.ImportPath)
		}
	}
	if len(mains) != 1 {
		return nil, fmt.Errorf("one main package is wanted, not %d packages (%s)", len(mains), strings.Join(mains, ", "))
	}
	p := all[len(all)-1]
	switch {
	case p.ImportPath != mains[0]:
		return nil, fmt.Errorf("go list has %s last, not %s", p.ImportPath, mains[0])
	case p.Name != "main":
		return nil, fmt.Errorf("%s is package %s, and not a main package", p.ImportPath, p.Name)
	case p.ImportPath == "command-line-arguments" || p.Module == nil:
		return nil, errors.New("the main package must be named by its folder or import path, not by its files, and belong to a module")
	case !p.Module.Main:
		return nil, fmt.Errorf("%s belongs to module %s; run this in a folder of that module", p.ImportPath, p.Module.Path)
	}
	return all, nil
}

// foreign says what of a package is no Go source; empty if all of it is.
func (p *Package) foreign() string {
	switch {
	case len(p.CgoFiles) > 0:
		return "cgo (" + p.CgoFiles[0] + ")"
	case len(p.SFiles) > 0:
		return "assembly (" + p.SFiles[0] + ")"
	case len(p.SwigFiles)+len(p.SwigCXXFiles) > 0:
		return "SWIG"
	case len(p.CFiles)+len(p.CXXFiles)+len(p.MFiles)+len(p.FFiles)+len(p.SysoFiles) > 0:
		return "files of other languages"
	}
	return ""
}

// file returns the path of one of the package's files.
func (p *Package) file(name string) string { return filepath.Join(p.Dir, filepath.FromSlash(name)) }
