package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// importPath is the command's.
const importPath = "github.com/capsize-go/capsize/cmd/capsize"

// programName returns what to type to run this program again: without a path of this
// machine, so that a page can be passed on.
func programName() string {
	if name := os.Getenv(ProgramVariable); name != "" {
		return name
	}
	self, err := os.Executable()
	if err != nil {
		return "capsize"
	}
	if strings.Contains(filepath.ToSlash(self), "/go-build") { // go run has built it, and will remove it
		if _, err := os.Stat(filepath.Join("cmd", "capsize", "main.go")); err == nil {
			return "go run ./cmd/capsize"
		}
		return "go run " + importPath
	}
	if found, err := exec.LookPath("capsize"); err == nil && sameFile(found, self) {
		return "capsize"
	}
	if rel, ok := below(self); ok {
		return quoted("./" + rel)
	}
	return "capsize" // its folder is of this machine, and a page may be read on another
}

// portable returns a path that says nothing of this machine: one that is absolute is
// made relative to the working directory, or where it is elsewhere cut to its name.
func portable(file string) string {
	if !filepath.IsAbs(file) {
		return file
	}
	if rel, ok := below(file); ok {
		return rel
	}
	return filepath.Base(file)
}

// below returns an absolute path as seen from the working directory, if it is below.
func below(file string) (rel string, ok bool) {
	here, err := os.Getwd()
	if err != nil {
		return "", false
	}
	rel, err = filepath.Rel(here, file)
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// quoted quotes a word for a shell, if it has to be.
func quoted(word string) string {
	plain := word != "" && strings.IndexFunc(word, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./,:=+@%", r)
	}) < 0
	if plain {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
