package detgo

import (
	"bytes"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// suffix is that of programs that must not be shipped.
const suffix = ".det"

// Build runs go build and returns its exit code. A program that go build would write under its own name is
// written as name.det.
func Build(t Terminal, args []string) (code int, err error) {
	x, err := prepare(args)
	if err != nil {
		return 0, err
	}
	var flags []string
	if _, ok := x.value("o"); !ok {
		name, err := x.program()
		if err != nil {
			return 0, err
		}
		if name != "" {
			name, exe := strings.CutSuffix(name, ".exe")
			flags = []string{"-o", name + suffix}
			if exe {
				flags[1] += ".exe"
			}
		}
	}
	return x.run(t, x.command("build", flags...), nil)
}

// program returns the name of the program that go build would write: that of the one package, if it is a command. An error
// of the arguments is for go build to report.
func (x invocation) program() (name string, err error) {
	const format = "{{.Name}}\t{{.Target}}\t{{.ImportPath}}\t{{range .GoFiles}}{{.}} {{end}}"
	list := x
	list.rest = slices.DeleteFunc(slices.Clone(x.rest), func(arg string) bool { name, _, _ := flagOf(arg); return name == "json" })
	cmd := x.toolchain.Command("", list.command("list", "-e", "-f", format)...)
	var out bytes.Buffer
	cmd.Stdout = &out
	if cmd.Run() != nil {
		return "", nil
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	fields := strings.Split(lines[0], "\t")
	if len(lines) != 1 || fields[0] != "main" {
		return "", nil
	}
	if len(fields) != 4 {
		return "", fmt.Errorf("go list: unexpected line %q", lines[0])
	}
	switch target, importPath, files := fields[1], fields[2], strings.Fields(fields[3]); {
	case target != "":
		return filepath.Base(target), nil
	case importPath == "command-line-arguments" && len(files) > 0:
		return strings.TrimSuffix(files[0], ".go"), nil
	default:
		return path.Base(importPath), nil
	}
}
