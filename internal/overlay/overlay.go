package overlay

import (
	"crypto/sha256"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// HookPackage is the package with the variable that the runtime fills in.
const HookPackage = "github.com/capsize-go/capsize/internal/detrt"

// HostPackage is that with a variable by which programs run on hosts.
const HostPackage = "github.com/capsize-go/capsize/internal/hostrt"

// idFile is the file with the place for the overlay's ID.
const idFile = "runtime/zdet.go"

// The minor versions of Go that the edits are for.
const oldest, newest = 26, 27

// Supported names the versions of Go that are supported.
func Supported() string { return fmt.Sprintf("go1.%d and go1.%d", oldest, newest) }

//go:embed added/*.go.txt
var added embed.FS

// release returns the version without what GOEXPERIMENT adds to it.
func (t Toolchain) release() string { return strings.Fields(t.Version + " ?")[0] }

// minor returns the minor version of the toolchain's Go.
func (t Toolchain) minor() (int, error) {
	v := strings.TrimPrefix(version.Lang(t.release()), "go1.")
	n, err := strconv.Atoi(v)
	if err != nil {
		return 0, fmt.Errorf("%s is no release of Go", t.Version)
	}
	return n, nil
}

// An Unsupported is the error that a toolchain can't be edited, with each reason.
type Unsupported struct {
	Version string
	Reasons []error
}

// Error says what is supported, and each reason, a line each.
func (e *Unsupported) Error() string {
	return fmt.Sprintf("the deterministic runtime does not support %s; it supports %s\n%v", e.Version, Supported(), errors.Join(e.Reasons...))
}

// Unwrap returns the reasons.
func (e *Unsupported) Unwrap() []error { return e.Reasons }

// A Group is a group of edits: what it is called and what it does.
type Group struct{ Name, Why string }

// Groups returns the groups of edits.
func Groups() (all []Group) {
	for _, g := range groups {
		all = append(all, Group{g.name, g.why})
	}
	return all
}

// Edit returns the files of a toolchain with all edits but those of the groups in skip, and the
// files that are added, by their names below src. The error is an [*Unsupported] if a place is not where it should be.
func Edit(t Toolchain, skip ...string) (map[string]string, error) {
	minor, err := t.minor()
	if err == nil && (minor < oldest || minor > newest) {
		err = fmt.Errorf("it is another minor version")
	}
	if err != nil {
		return nil, &Unsupported{t.Version, []error{err}}
	}
	for _, s := range skip {
		if !slices.ContainsFunc(groups, func(g group) bool { return g.name == s }) {
			return nil, fmt.Errorf("there is no group of edits %q", s)
		}
	}
	files := map[string]*source{}
	var reasons []error
	for _, g := range slices.Concat([]group{state}, groups) {
		if slices.Contains(skip, g.name) {
			continue
		}
		for _, e := range g.edits {
			if !e.covers(minor) {
				continue
			}
			if err := t.edit(e, files); err != nil {
				reasons = append(reasons, fmt.Errorf("%s: %w", g.name, err))
			}
		}
	}
	if len(reasons) > 0 {
		same := func(a, b error) bool { return a.Error() == b.Error() } // a file that is not there is one reason
		return nil, &Unsupported{t.Version, slices.CompactFunc(reasons, same)}
	}
	all := map[string]string{}
	for name, s := range files {
		all[name] = s.text
	}
	return all, addFiles(all)
}

// edit makes one edit, of a file that may have been edited before.
func (t Toolchain) edit(e edit, files map[string]*source) error {
	s := files[e.file]
	if s == nil {
		b, err := os.ReadFile(filepath.Join(t.Root, "src", filepath.FromSlash(e.file)))
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: there is no such file", e.file)
		} else if err != nil {
			return err
		}
		s = &source{e.file, string(b)}
		files[e.file] = s
	}
	return s.apply(e)
}

// addFiles adds the files of this package that are no edits: runtime_zdet.go.txt is runtime/zdet.go, and
// net-http_zdet.go.txt is net/http/zdet.go.
func addFiles(all map[string]string) error {
	entries, err := added.ReadDir("added")
	if err != nil {
		return err
	}
	for _, f := range entries {
		b, err := added.ReadFile(path.Join("added", f.Name()))
		if err != nil {
			return err
		}
		pkg, name, _ := strings.Cut(strings.TrimSuffix(f.Name(), ".txt"), "_")
		pkg = strings.ReplaceAll(pkg, "-", "/")
		all[path.Join(pkg, name)] = strings.NewReplacer("HOOKPACKAGE", HookPackage, "HOSTPACKAGE", HostPackage).Replace(string(b))
	}
	return nil
}

// A Made is an overlay in a folder.
type Made struct {
	List string // the file for the flag -overlay of the go command
	ID   string // a hash of all that is in it, which the programs that are built with it know
}

// Make makes the overlay of a toolchain in a folder of its own below dir, unless it is there. The folder's name has the version
// of Go and a hash of GOROOT and all contents, and files are written whole and the list last, so an overlay that is there is the right one,
// and two processes may make it at the same time. The files of the list merge, if it is not empty, are replaced as well; it is an error
// if both replace one file with different ones. Groups in skip are left out.
func Make(dir string, t Toolchain, merge string, skip ...string) (Made, error) {
	theirs, err := t.readList(merge)
	if err != nil {
		return Made{}, err
	}
	files, err := Edit(t, skip...)
	if err != nil {
		return Made{}, err
	}
	// What another version of this program made is no overlay of theirs.
	maps.DeleteFunc(theirs, func(_, to string) bool { return within(dir, to) })
	names := slices.Sorted(maps.Keys(files))
	h := sha256.New()
	fmt.Fprintf(h, "%q", t.Root)
	for _, name := range names {
		fmt.Fprintf(h, "%q%q", name, files[name])
	}
	id := fmt.Sprintf("%.6x", h.Sum(nil))
	files[idFile] = strings.Replace(files[idFile], "OVERLAYID", id, 1)
	folder := filepath.Join(dir, t.release()+"-"+id)
	replace, paths := map[string]string{}, map[string]string{}
	for _, name := range names {
		path := filepath.Join(folder, filepath.FromSlash(name))
		replace[filepath.Join(t.Root, "src", filepath.FromSlash(name))], paths[path] = path, files[name]
	}
	m := Made{List: filepath.Join(folder, "overlay.json"), ID: id}
	for _, from := range slices.Sorted(maps.Keys(theirs)) {
		if _, ok := replace[from]; ok {
			return Made{}, fmt.Errorf("overlay %s: it replaces %s, and so does the deterministic runtime", merge, from)
		}
		replace[from] = theirs[from]
		fmt.Fprintf(h, "%q%q", from, theirs[from])
		m.List = filepath.Join(folder, fmt.Sprintf("overlay-%.12x.json", h.Sum(nil)))
	}
	list, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", " ")
	if err != nil {
		return Made{}, err
	}
	if err := writeMissing(paths); err != nil {
		return Made{}, cacheError(err)
	}
	if err := writeMissing(map[string]string{m.List: string(list)}); err != nil {
		return Made{}, cacheError(err)
	}
	return m, nil
}

// writeMissing writes the files that are not there. Folders for caches are cleaned by programs that remove single files.
func writeMissing(texts map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if info, err := os.Stat(name); err == nil && info.Size() == int64(len(texts[name])) {
			continue
		}
		if err := writeFile(name, texts[name]); err != nil {
			return err
		}
	}
	return nil
}

// readList reads what a list for -overlay replaces. Its names are as seen from the folder of the toolchain, as the go command
// has it.
func (t Toolchain) readList(name string) (map[string]string, error) {
	if name == "" {
		return nil, nil
	}
	here, err := filepath.Abs(t.Dir)
	if err != nil {
		return nil, fmt.Errorf("overlay %s: %w", name, err)
	}
	absolute := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path // an empty one removes the file
		}
		return filepath.Join(here, path)
	}
	b, err := os.ReadFile(absolute(name))
	if err != nil {
		return nil, fmt.Errorf("overlay: %w", err)
	}
	var list struct{ Replace map[string]string }
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("overlay %s: %w", name, err)
	}
	all := map[string]string{}
	for from, to := range list.Replace { // order: a map again
		all[filepath.Clean(absolute(from))] = absolute(to)
	}
	return all, nil
}

// writeFile writes a file at once: who sees it sees all of it.
func writeFile(name, text string) error {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close(), os.Chmod(f.Name(), 0o644)); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
