package program

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"text/template"

	"github.com/capsize-go/capsize/cluster"
)

// A Start says how each node starts a program.
type Start struct {
	Name string   // of the program, which is the first of its arguments; default "program"
	Args []string // the others, templates of [Node]; one that comes out empty is left out
	Env  []string // KEY=VALUE, the values templates of [Node]

	// Main has what each node runs, n1 first: a function that is as func main of a program whose arguments are args. No two nodes
	// may share it if it uses package variables: capsize program makes a copy of a main package for each. A function that returns, or calls
	// os.Exit, ends its node, which is a finding.
	Main []func(args []string)
}

// errReturned says that the function main of a program came to its end.
var errReturned = errors.New("func main returned")

// System returns the system whose nodes run the program. The error names the argument or variable whose template is wrong.
func (s Start) System() (cluster.System, error) {
	if s.Name == "" {
		s.Name = "program"
	}
	var args, env []*template.Template
	for i, text := range s.Args {
		t, err := parse(fmt.Sprintf("argument %d", i+1), text, example())
		if err != nil {
			return nil, err
		}
		args = append(args, t)
	}
	for _, text := range s.Env {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("environment %q is not KEY=VALUE", text)
		}
		t, err := parse(key, value, example())
		if err != nil {
			return nil, fmt.Errorf("environment variable %w", err)
		}
		env = append(env, t)
	}
	return cluster.Program(func(h *cluster.Host) error { return s.boot(h, args, env) }), nil
}

// boot runs the program on a node.
func (s Start) boot(h *cluster.Host, args, env []*template.Template) error {
	dir, err := h.Dir()
	if err != nil {
		return err
	}
	n, err := nodeOf(h, dir)
	if err != nil {
		return err
	}
	if n.Index >= len(s.Main) {
		return fmt.Errorf("the program was made for %d nodes, and this is node %d", len(s.Main), n.Index+1)
	}
	full := []string{s.Name}
	for _, t := range args {
		text, err := expand(t, n)
		if err != nil {
			return err
		}
		if text != "" || t.Root.String() == "" {
			full = append(full, text)
		}
	}
	for _, t := range env {
		text, err := expand(t, n)
		if err == nil {
			err = os.Setenv(t.Name(), text) // of this host: the runtime keeps an environment for each
		}
		if err != nil {
			return fmt.Errorf("environment variable %s: %w", t.Name(), err)
		}
	}
	s.Main[n.Index](full)
	return errReturned
}
