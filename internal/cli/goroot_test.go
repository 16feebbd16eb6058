package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/capsize-go/capsize/internal/overlay"
)

// scratchGo is the go command of a scratch GOROOT. It says which toolchain it is, lists the packages that GO_LIST names, or prints what it was
// asked for, and ends as GO_ENDS says.
const scratchGo = `#!/bin/sh
root=$(cd "$(dirname "$0")/.." && pwd)
case $1 in
env) printf '{"GOROOT": "%s", "GOVERSION": "%s", "GOFLAGS": "%s", "GOMODCACHE": "%s"}\n' "$root" "$(cat "$root/VERSION")" "$GOFLAGS" "$GOMODCACHE" ;;
list) printf "$GO_LIST" ;;
*)
	echo "GOROOT=$GOROOT GOTOOLCHAIN=$GOTOOLCHAIN" >&2
	for arg; do echo "[$arg]"; done
	eval "$GO_ENDS"
	;;
esac
`

// makeGoroot makes a scratch GOROOT in a folder, of a version of Go: the files of the installed one that are edited.
func makeGoroot(dir, version string) error {
	tc, err := overlay.Installed(".")
	if err != nil {
		return err
	}
	files, err := overlay.Edit(tc)
	if err != nil {
		return err
	}
	if version == "" {
		version = tc.Version
	}
	all := map[string][]byte{"bin/go": []byte(scratchGo), "VERSION": []byte(version)}
	for name := range files {
		b, err := os.ReadFile(filepath.Join(tc.Root, "src", filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it is added
		}
		if err != nil {
			return err
		}
		all["src/"+name] = b
	}
	for name, b := range all { // order: files of their own
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(file, b, 0o777); err != nil {
			return err
		}
	}
	return nil
}

// goroot makes a scratch GOROOT: goroot DIR [VERSION]. Its go command is a shell script.
func goroot(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: goroot DIR [VERSION]")
	}
	version := ""
	if len(args) == 2 {
		version = args[1]
	}
	ts.Check(makeGoroot(ts.MkAbs(args[0]), version))
}

// replaceText changes a text of a file: replace FILE OLD NEW.
func replaceText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("there is no %q in %s", args[1], args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o666))
}
