package program

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/capsize-go/capsize/cluster"
)

// A Node is what templates know of a node: {{.Name}} in an argument is the name of the node that gets it.
type Node struct {
	Name  string // n1
	Index int    // 0 for n1
	IP    string // 10.0.0.1
	Dir   string // a folder of its own, which outlives crashes; empty in the templates of clients
	Nodes []Peer // all nodes, this one too
}

// A Peer is a node as the others know it.
type Peer struct {
	Name  string
	Index int
	IP    string
}

// Others returns the nodes but this one.
func (n Node) Others() []Peer {
	return slices.DeleteFunc(slices.Clone(n.Nodes), func(p Peer) bool { return p.Name == n.Name })
}

// Join writes each node as a format says, in which each %s is its name, with a separator between them. So
// {{.Join "," "%s=http://%s:2380"}} is n1=http://n1:2380,n2=http://n2:2380 where these are all nodes.
func (n Node) Join(separator, format string) string { return join(n.Nodes, separator, format) }

// JoinOthers is [Node.Join] without this node.
func (n Node) JoinOthers(separator, format string) string { return join(n.Others(), separator, format) }

func join(nodes []Peer, separator, format string) string {
	var all []string
	for _, p := range nodes {
		all = append(all, strings.ReplaceAll(format, "%s", p.Name))
	}
	return strings.Join(all, separator)
}

// A Call is what the templates of clients know of a call. The node is the one that the client is bound to.
type Call struct {
	Node
	Key   string
	Value int // to be written
	Old   int // that a compare-and-swap expects
}

// nodeOf returns what templates know of the node that a host is, or is bound to.
func nodeOf(h *cluster.Host, dir string) (Node, error) {
	n := Node{Name: h.Node(), Dir: dir}
	for i, name := range h.Nodes() {
		ips, err := h.LookupHost(context.Background(), name) // of hosts it needs no service
		if err != nil {
			return n, err
		}
		n.Nodes = append(n.Nodes, Peer{Name: name, Index: i, IP: ips[0]})
		if name == n.Name {
			n.Index, n.IP = i, ips[0]
		}
	}
	return n, nil
}

// example is the node for which templates are tried before a run.
func example() Node {
	return Node{Name: "n1", IP: "10.0.0.1", Dir: "/dir", Nodes: []Peer{{"n1", 0, "10.0.0.1"}, {"n2", 1, "10.0.0.2"}}}
}

// parse reads a template and tries it on data. The error names what the template is for.
func parse(what, text string, data any) (*template.Template, error) {
	t, err := template.New(what).Option("missingkey=error").Parse(text)
	if err == nil {
		err = t.Execute(new(strings.Builder), data)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %q: %s", what, text, strings.TrimPrefix(err.Error(), "template: "))
	}
	return t, nil
}

// expand executes a template that was tried before.
func expand(t *template.Template, data any) (string, error) {
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return "", err
	}
	return b.String(), nil
}
