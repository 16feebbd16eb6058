package program

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/detrt"
)

// kvd is the command of README.md.
var kvd = []string{
	"run", "./cmd/capsize", "program", "./examples/program/kvd",
	"--arg", "-name={{.Name}}", "--arg", "-data={{.Dir}}", "--arg", "-primary={{if .Index}}http://n1:8080{{end}}",
	"--get", "http://{{.Name}}:8080/kv/{{.Key}}", "--put", "http://{{.Name}}:8080/kv/{{.Key}}",
	"--cas", "http://{{.Name}}:8080/kv/{{.Key}}?old={{.Old}}&new={{.Value}}", "--ready", "http://{{.Name}}:8080/healthz",
	"--report", "", "--json",
}

// A line is what the command prints of a run.
type line struct {
	Seed    uint64
	Verdict string
	Digest  string
}

// run runs kvd with more flags, and returns the run.
func run(t *testing.T, code int, flags ...string) (x line) {
	t.Helper()
	cmd := exec.Command("go", append(kvd, flags...)...)
	cmd.Dir = "../.."
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if code == 0 {
		require.NoError(t, err, errs.String()+string(out))
	}
	require.NoError(t, json.Unmarshal(out, &x), errs.String()+string(out))
	return x
}

// TestKvd runs the server under crashes and partitions, twice alike, and finds that it is used wrongly: with reads of local copies.
func TestKvd(t *testing.T) {
	if !detrt.Active() {
		t.Skip("this needs the deterministic runtime; run it with capsize test")
	}
	right := run(t, 0, "--nemesis", "crash,partition", "--seed", "1")
	assert.Equal(t, "valid", right.Verdict)
	t.Setenv("GOMAXPROCS", "1")
	assert.Equal(t, right, run(t, 0, "--nemesis", "crash,partition", "--seed", "1"))
	_ = os.Unsetenv("GOMAXPROCS")
	assert.Equal(t, "invalid", run(t, 1, "--nemesis", "none", "--seed", "1", "--arg", "-reads=local").Verdict)
}
