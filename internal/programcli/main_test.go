//go:build unix

package programcli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/detrt"
)

// The variable that makes this test binary the command, or the program that it has built.
const asProgram = "CAPSIZE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	switch os.Getenv(asProgram) {
	case "":
		os.Exit(m.Run())
	case "driver":
		Drive([]func(args []string){serve, serve})
	}
	Main(func(_ context.Context, b Build) (string, []string, error) {
		if strings.HasSuffix(b.Package, "broken") {
			return "", nil, errors.New("it does not compile")
		}
		self, err := os.Executable()
		return self, []string{fmt.Sprintf("built %+v", b)}, errors.Join(err, os.Setenv(asProgram, "driver"))
	})
}

// serve is a store on n1, to which n2 sends its clients; with the argument "stale" it answers old values.
func serve(args []string) {
	fmt.Printf("%s on %s of %s\n", strings.Join(args, " "), os.Getenv("NODE"), os.Getenv("PATH"))
	var mu sync.Mutex
	values := map[string]string{}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		key, value := r.URL.Path, r.FormValue("v")
		if os.Getenv("NODE") == "n2" {
			http.Redirect(w, r, "http://n1"+r.URL.RequestURI(), http.StatusTemporaryRedirect)
			return
		}
		if value != "" {
			if values[key] == "" || args[1] != "stale" {
				values[key] = value
			}
			return
		}
		if values[key] == "" {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprintln(w, values[key])
	})
	fmt.Println(http.ListenAndServe(args[2], mux))
}

// typed runs the command to its end.
func typed(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, append([]string{"program"}, args...)...)
	cmd.Env = append(os.Environ(), asProgram+"=command", "CAPSIZE_PROGRAM=capsize")
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	return cmd.ProcessState.ExitCode(), o.String(), e.String()
}

// TestUsage names each flag that is wrong, before anything is built.
func TestUsage(t *testing.T) {
	asks := []string{"./server", "--get", "http://{{.Name}}/{{.Key}}", "--put", "http://{{.Name}}/{{.Key}}?v={{.Value}}"}
	for want, args := range map[string][]string{
		`program takes one main package, not 0`:                     nil,
		`program takes one main package, not 2`:                     {"./a", "./b"},
		`--client http: get and put are needed`:                     {"./server"},
		`--client must be http or redis, not "grpc"`:                append(asks, "--client", "grpc"),
		`--get is not for --client redis`:                           append(asks, "--client", "redis"),
		`--arg or --env: argument 2 "{{.Nmae}}"`:                    append(asks, "--arg", "-v", "--arg", "{{.Nmae}}"),
		`--arg or --env: environment "X" is not KEY=VALUE`:          append(asks, "--env", "X"),
		`there is no nemesis "rain"`:                                append(asks, "--nemesis", "rain"),
		`--consistency: `:                                           append(asks, "--consistency", "hopeful"),
		`--nodes must be from 1 to 100`:                             append(asks, "--nodes", "0"),
		`--seeds must be at least 1`:                                append(asks, "--seeds", "0"),
		`--workload must be register, not "bank"`:                   append(asks, "--workload", "bank"),
		`--duration must be a time such as "1m30s", not "10"`:       append(asks, "--duration", "10"),
		`there is no flag "--node"`:                                 append(asks, "--node", "3"),
		`--client http: ready "n1" is neither tcp:HOST:PORT nor an`: append(asks, "--ready", "n1"),
		`it does not compile`:                                       append(asks[1:], "./broken"),
		`--stop-at: the instant to stop at`:                         append(asks, "--stop-at", "soon"),
	} {
		code, _, errs := typed(t, args...)
		assert.Equal(t, 3, code, "%q", args)
		assert.Contains(t, errs, want, "%q", args)
	}
	code, out, _ := typed(t, "--help")
	assert.Zero(t, code)
	assert.Contains(t, out, "capsize program ./cmd/server")
}

// TestProgram runs a program of two nodes as the command does, and one that is wrong. In a stock build it is refused.
func TestProgram(t *testing.T) {
	dir := t.TempDir()
	args := []string{
		"./cmd/store", "--nodes", "2", "--arg", "{{if .Index}}-{{else}}ok{{end}}", "--arg", ":80", "--env", "NODE={{.Name}}", "--private", "a/...", "--ready", "tcp:{{.Name}}:80",
		"--get", "http://{{.Name}}/{{.Key}}", "--put", "http://{{.Name}}/{{.Key}}?v={{.Value}}", "--nemesis", "none", "--duration", "5s", "--settle", "2s", "--seed", "1", "--report", dir,
	}
	code, out, errs := typed(t, args...)
	assert.Contains(t, errs, "capsize: note: built {Package:./cmd/store Nodes:2 Tags: Race:false Private:[a/...]}")
	if !detrt.Active() {
		assert.Equal(t, 3, code)
		assert.Contains(t, errs, "program on hosts: this needs the deterministic runtime")
		return
	}
	assert.Zero(t, code, out+errs)
	assert.Contains(t, out, "valid")
	args[4] = "stale"
	code, out, errs = typed(t, args...)
	assert.Equal(t, 1, code, out+errs)
	assert.Contains(t, out, "2 of 2 runs alike")
	assert.Contains(t, out, `capsize program ./cmd/store --nodes 2 --arg stale --arg :80 --env 'NODE={{.Name}}' --private a/...`)
}
