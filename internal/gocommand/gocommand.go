// Package gocommand spells commands of the go command that run one test again, and the
// paths in them.
package gocommand

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/internal/detrt"
)

// Test returns the command that runs one test of a package and no other. Flags are empty, or begin with a space; see
// [Flags].
func Test(name, pkg, flags string) string {
	return fmt.Sprintf("%s%s -run='%s' %s", Command(), flags, Pattern(name), pkg)
}

// Command returns the command that this test binary is of: "go test", or "capsize test" if it has a deterministic runtime.
func Command() string {
	if detrt.Active() {
		return "capsize test"
	}
	return "go test"
}

// Flags returns the flags of this go test that the code may depend on.
func Flags() (flags string) {
	if testing.Short() {
		flags = " -short"
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return flags
	}
	for _, s := range info.Settings {
		if s.Key == "-tags" && s.Value != "" {
			flags += " -tags=" + s.Value
		}
	}
	return flags
}

// Pattern returns the pattern that -run takes for a test of that name and no other.
func Pattern(test string) string {
	var pattern []string
	for part := range strings.SplitSeq(test, "/") {
		pattern = append(pattern, "^"+regexp.QuoteMeta(part)+"$")
	}
	return strings.Join(pattern, "/")
}

// ModuleRoot returns the folder with the go.mod of the package under test, and that of
// the package as a path from there: go test runs a test in its package's folder.
// Outside of a module both are the working directory.
func ModuleRoot() (root, pkg string) {
	here, err := os.Getwd()
	if err != nil {
		return ".", "."
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			rel, err := filepath.Rel(dir, here)
			if err != nil {
				return here, "."
			}
			return dir, filepath.ToSlash(rel)
		}
		if dir == filepath.Dir(dir) {
			return here, "."
		}
	}
}

// Package returns the package under test as the go command names it in the root of
// the module.
func Package() string {
	if _, pkg := ModuleRoot(); pkg != "." {
		return "./" + pkg
	}
	return "."
}

// FromRoot returns a path as seen from the root of the module if it is below, as the
// commands to run again are, and else as it is.
func FromRoot(file string) string {
	root, _ := ModuleRoot()
	abs, err := filepath.Abs(file)
	if err != nil {
		return file
	}
	rel, err := filepath.Rel(root, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return file
	}
	return filepath.ToSlash(rel)
}

// PackageAt returns the folder of a package as the go command names it, from the
// working directory where it is below.
func PackageAt(dir string) string {
	here, err := os.Getwd()
	if err != nil {
		return dir
	}
	rel, err := filepath.Rel(here, filepath.FromSlash(dir))
	switch {
	case err != nil || rel == "..", strings.HasPrefix(rel, ".."+string(filepath.Separator)):
		return dir
	case rel == ".":
		return "."
	}
	return "./" + filepath.ToSlash(rel)
}
