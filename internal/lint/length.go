package lint

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// The longest that a function and a file may be, in lines.
const (
	maxFunction = 70
	maxFile     = 500
)

// A Ratchet holds what is too long all the same, with its length in lines: by
// "file" and by "file function". Lengths may shrink, never grow.
type Ratchet map[string]int

// TooLong returns the files and functions of the module that are longer than
// they may be. Tests count: they are read as often.
func TooLong(m *Module, function, file int) Ratchet {
	found := Ratchet{}
	for _, p := range m.Packages {
		for _, f := range p.Files {
			if f.Lines > file {
				found[f.Name] = f.Lines
			}
			for _, d := range f.Syntax.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				if n := f.line(fn.End()) - f.line(fn.Pos()) + 1; n > function {
					found[f.Name+" "+functionName(fn)] = n
				}
			}
		}
	}
	return found
}

// Compare finds where today's lengths differ from those that the ratchet holds.
func (r Ratchet) Compare(today Ratchet) []Problem {
	var problems []Problem
	add := func(what, format string, args ...any) {
		file, _, _ := strings.Cut(what, " ")
		problems = append(problems, Problem{File: file, Text: fmt.Sprintf(format, args...)})
	}
	for _, what := range slices.Sorted(maps.Keys(today)) {
		switch n, was := today[what], r[what]; {
		case was == 0:
			add(what, "%s has %d lines, more than the %d of a function or the %d of a file: split it", what, n, maxFunction, maxFile)
		case n > was:
			add(what, "%s has grown from %d to %d lines: split it", what, was, n)
		case n < was:
			add(what, "%s has shrunk from %d to %d lines: run go test ./internal/lint -update", what, was, n)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(r)) {
		if today[what] == 0 {
			add(what, "%s is no longer too long: run go test ./internal/lint -update", what)
		}
	}
	return sorted(problems)
}

// Lower returns the ratchet with what has shrunk. It takes up nothing new: that
// is for a person to add, who can say why.
func (r Ratchet) Lower(today Ratchet) Ratchet {
	lower := Ratchet{}
	for what, was := range r { // order: a map is filled from a map
		if n := today[what]; n > 0 {
			lower[what] = min(n, was)
		}
	}
	return lower
}

const ratchetHead = `# Files and functions that are too long, with the lines that they have. They may
# shrink, never grow: go test ./internal/lint -update writes what they shrank to.
`

// String returns the ratchet as it is kept in a file: a length and a name a line.
func (r Ratchet) String() string {
	var b strings.Builder
	b.WriteString(ratchetHead)
	for _, what := range slices.Sorted(maps.Keys(r)) {
		fmt.Fprintf(&b, "%d %s\n", r[what], what)
	}
	return b.String()
}

// ParseRatchet reads what [Ratchet.String] wrote.
func ParseRatchet(text []byte) (Ratchet, error) {
	r := Ratchet{}
	for s, n := bufio.NewScanner(bytes.NewReader(text)), 1; s.Scan(); n++ {
		line := s.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		length, what, ok := strings.Cut(line, " ")
		lines, err := strconv.Atoi(length)
		if !ok || err != nil || lines <= 0 {
			return nil, fmt.Errorf("ratchet line %d: want a length and a name: %q", n, line)
		}
		r[what] = lines
	}
	return r, nil
}
