package programbuild

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

const module = "github.com/capsize-go/capsize"

// withCapsize returns the flags by which packages of the module here can import Capsize. A module that requires it needs none. For any
// other a go.mod that does is written into dir: the module's own is never touched.
func withCapsize(dir string) (flags []string, err error) {
	if goCommand("list", "-f", "{{.Dir}}", driverPackage).Run() == nil {
		return nil, nil
	}
	env, err := output("env", "GOMOD", "GOWORK")
	if err != nil {
		return nil, err
	}
	goMod, goWork, _ := strings.Cut(env, "\n")
	switch {
	case goMod == "" || goMod == os.DevNull:
		return nil, errors.New("this folder belongs to no module (there is no go.mod)")
	case goWork != "" && goWork != "off":
		return nil, fmt.Errorf("the modules of %s don't require Capsize, and a workspace takes no other go.mod: add it to the workspace, or set GOWORK=off", goWork)
	}
	source, require, err := capsize()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "go.mod")
	if err := join(file, goMod); err != nil {
		return nil, err
	}
	if err := join(filepath.Join(dir, "go.sum"), sumOf(goMod), filepath.Join(source, "go.sum")); err != nil {
		return nil, err
	}
	if _, err := output(append([]string{"mod", "edit"}, append(require, file)...)...); err != nil {
		return nil, err
	}
	flags = []string{"-modfile=" + file, "-mod=mod"}
	if _, err := output(append([]string{"list", "-f", "{{.Dir}}"}, append(flags, driverPackage)...)...); err != nil {
		return nil, fmt.Errorf("have Capsize beside the modules of %s: %w; \"go get %s\" in it may help", goMod, err, module)
	}
	return flags, nil
}

func sumOf(goMod string) string { return filepath.Join(filepath.Dir(goMod), "go.sum") }

// capsize returns a folder with the sources of this program's own module, and the flags of go mod edit that require it.
func capsize() (source string, require []string, err error) {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path == module && info.Main.Version != "" && info.Main.Version != "(devel)" && !strings.Contains(info.Main.Version, "+dirty") {
		version := info.Main.Version
		if source, err := output("mod", "download", "-json", module+"@"+version); err == nil {
			return dirOf(source), []string{"-require=" + module + "@" + version}, nil
		}
	}
	_, file, _, _ := runtime.Caller(0) // it was built from a clone
	source = filepath.Dir(filepath.Dir(filepath.Dir(file)))
	if _, err := os.Stat(filepath.Join(source, "go.mod")); err != nil {
		return "", nil, fmt.Errorf("the sources of Capsize are not found: \"go get %s\" in your module", module)
	}
	return source, []string{"-require=" + module + "@v0.0.0", "-replace=" + module + "=" + source}, nil
}

// dirOf returns the field Dir of what go mod download prints.
func dirOf(text string) string {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), `"Dir": "`); ok {
			return strings.TrimRight(value, `",`)
		}
	}
	return ""
}

// join writes the contents of files, of those that are there, into one.
func join(to string, files ...string) error {
	var text []byte
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		text = append(text, b...)
	}
	return os.WriteFile(to, text, 0o666)
}

func goCommand(args ...string) *exec.Cmd { return exec.Command("go", args...) }

// output runs the go command and returns what it prints.
func output(args ...string) (string, error) {
	b, err := goCommand(args...).Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		err = fmt.Errorf("go %s: %w: %s", args[0], err, strings.TrimSpace(string(exit.Stderr)))
	}
	return strings.TrimSpace(string(b)), err
}
