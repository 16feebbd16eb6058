package program

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTemplates writes what the second of three nodes gets.
func TestTemplates(t *testing.T) {
	n := Node{Name: "n2", Index: 1, IP: "10.0.0.2", Dir: "/data", Nodes: []Peer{{"n1", 0, "10.0.0.1"}, {"n2", 1, "10.0.0.2"}, {"n3", 2, "10.0.0.3"}}}
	for text, want := range map[string]string{
		"":                                  "",
		"-id={{.Index}} {{.Name}} {{.IP}}":  "-id=1 n2 10.0.0.2",
		"{{.Dir}}/log":                      "/data/log",
		`{{.Join "," "%s=http://%s:2380"}}`: "n1=http://n1:2380,n2=http://n2:2380,n3=http://n3:2380",
		`{{.JoinOthers " " "%s"}}`:          "n1 n3",
		`{{range .Others}}{{.Name}}@{{.IP}};{{end}}`:                "n1@10.0.0.1;n3@10.0.0.3;",
		`{{if .Index}}-join={{(index .Nodes 0).Name}}{{end}}`:       "-join=n1",
		`{{with $n := .}}{{range .Nodes}}{{$n.Name}}{{end}}{{end}}`: "n2n2n2",
	} {
		tmpl, err := parse("argument", text, example())
		require.NoError(t, err, text)
		got, err := expand(tmpl, n)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		"{{.Nme}}":           `argument 2 "{{.Nme}}": argument 2:1:2: executing "argument 2" at <.Nme>: can't evaluate field Nme`,
		"{{.Name":            `unclosed action`,
		"{{index .Nodes 9}}": `out of range`,
	} {
		_, err := parse("argument 2", text, example())
		require.ErrorContains(t, err, want)
	}
}

// TestWrong names what is wrong with a Start or a client.
func TestWrong(t *testing.T) {
	for want, make := range map[string]func() error{
		`argument 2 "{{.Naem}}"`:                                  func() error { _, err := Start{Args: []string{"-v", "{{.Naem}}"}}.System(); return err },
		`environment "PORT" is not KEY=VALUE`:                     func() error { _, err := Start{Env: []string{"PORT"}}.System(); return err },
		`environment variable PORT "{{"`:                          func() error { _, err := Start{Env: []string{"PORT={{"}}.System(); return err },
		`get and put are needed`:                                  func() error { _, err := HTTP{Get: "http://n1"}.Register(); return err },
		`put "n1:80/{{.Key}}" is no URL that begins with http://`: func() error { _, err := HTTP{Get: "http://n1", Put: "n1:80/{{.Key}}"}.Register(); return err },
		`put body "{{.Vaule}}"`: func() error {
			_, err := HTTP{Get: "http://n1", Put: "http://n1", PutBody: "{{.Vaule}}"}.Register()
			return err
		},
		`header "X" is not "Name: value"`: func() error {
			_, err := HTTP{Get: "http://n1", Put: "http://n1", Header: []string{"X"}}.Register()
			return err
		},
		`ready "n1:80" is neither`: func() error {
			_, err := HTTP{Get: "http://n1", Put: "http://n1", Ready: "n1:80"}.Register()
			return err
		},
		`cas "lua" is neither script nor watch`: func() error { _, err := Redis{CAS: "lua"}.Register(); return err },
		`address "{{.Host}}"`:                   func() error { _, err := Redis{Addr: "{{.Host}}"}.Register(); return err },
	} {
		require.ErrorContains(t, make(), want)
	}
}
