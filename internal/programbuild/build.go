// Package programbuild builds the program with which capsize program tests a main package: it has a copy of the package for each node, a
// driver, and the deterministic runtime.
package programbuild

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/internal/detgo"
	"github.com/capsize-go/capsize/internal/mainpkg"
	"github.com/capsize-go/capsize/internal/overlay"
	"github.com/capsize-go/capsize/internal/programcli"
)

// driverPackage has func main of the program.
const driverPackage = "github.com/capsize-go/capsize/program/driver"

// Build builds the program. It is a [programcli.Builder].
func Build(_ context.Context, b programcli.Build) (file string, notes []string, err error) {
	flags, dir, err := prepare(b)
	if err != nil {
		return "", nil, err
	}
	plan, err := read(b, flags)
	if err != nil {
		return "", nil, err
	}
	list, driver, err := write(dir, plan.Generate(b.Nodes))
	if err != nil {
		return "", nil, fmt.Errorf("write the copies of the program (CAPSIZE_CACHE names another folder for them): %w", err)
	}
	file = filepath.Join(dir, path.Base(plan.Main.ImportPath)+".det")
	args := append([]string{"-overlay=" + list, "-o", file}, flags...)
	out, err := detgo.Output("build", append(args, driver))
	if err != nil {
		return "", nil, fmt.Errorf("build the copies of %s: %w\n%s", plan.Main.ImportPath, err, strings.TrimSpace(string(out)))
	}
	return file, plan.Notes, nil
}

// prepare returns the flags for the go command, and the folder for what belongs to this program.
func prepare(b programcli.Build) (flags []string, dir string, err error) {
	if b.Tags != "" {
		flags = append(flags, "-tags="+b.Tags)
	}
	if b.Race {
		flags = append(flags, "-race")
	}
	here, err := os.Getwd()
	if err != nil {
		return nil, "", err
	}
	cache, err := overlay.CacheDir()
	if err != nil {
		return nil, "", err
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%q", []string{here, b.Package, strconv.Itoa(b.Nodes), b.Tags, strconv.FormatBool(b.Race)}))
	dir = filepath.Join(cache, "program", fmt.Sprintf("%.8x", key))
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, "", fmt.Errorf("make a folder for the program (CAPSIZE_CACHE names another one): %w", err)
	}
	more, err := withCapsize(dir)
	return append(flags, more...), dir, err
}

// read asks the go command for the packages of the program, and plans the copies.
func read(b programcli.Build, flags []string) (*mainpkg.Plan, error) {
	args := append([]string{"-deps", "-export", "-json=" + mainpkg.ListFields}, flags...)
	out, err := detgo.Output("list", append(args, "--", b.Package))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", b.Package, err)
	}
	list, err := mainpkg.Load(bytes.NewReader(out))
	if err != nil {
		return nil, err
	}
	return mainpkg.New(list, b.Private)
}

// write writes the copies and the driver below dir, and the list by which the go command finds them. It returns the list and the
// import path of the driver.
func write(dir string, g mainpkg.Generated) (list, driver string, err error) {
	replace := maps.Clone(g.Files)
	g.Texts[filepath.Join(g.Folder, "driver", "main.go")] = driverText(g.Starts)
	sources := filepath.Join(dir, "src")
	for _, name := range slices.Sorted(maps.Keys(g.Texts)) {
		rel, err := filepath.Rel(g.Folder, name)
		if err != nil {
			return "", "", err
		}
		to := filepath.Join(sources, rel)
		if err := writeFile(to, []byte(g.Texts[name])); err != nil {
			return "", "", err
		}
		replace[name] = to
	}
	text, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", " ")
	if err != nil {
		return "", "", err
	}
	list = filepath.Join(dir, "overlay.json")
	return list, g.Path + "/driver", writeFile(list, text)
}

// writeFile writes a file at once, unless it is there: another process may build the same program now.
func writeFile(name string, text []byte) error {
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, text) {
		return nil
	}
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// driverText returns func main of the program.
func driverText(starts []string) string {
	var imports, names strings.Builder
	for i, s := range starts {
		fmt.Fprintf(&imports, "\tn%d %q\n", i+1, s)
		fmt.Fprintf(&names, "n%d.Start, ", i+1)
	}
	return fmt.Sprintf("package main\n\nimport (\n\t%q\n%s)\n\nfunc main() { driver.Main(%s) }\n", driverPackage, imports.String(), strings.TrimSuffix(names.String(), ", "))
}
