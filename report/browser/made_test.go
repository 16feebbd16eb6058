package browser

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A made page is one that a command wrote.
type made struct {
	file   string // the page
	output string // what the command printed
	code   int    // its exit code
}

// pageLine is where a command says that it wrote a page.
var pageLine = regexp.MustCompile(`(?m)^(?:    report   |page: )(\S+\.html)$`)

// kept are the pages that commands have made already, by command.
var kept = struct {
	sync.Mutex
	pages map[string]made
}{pages: map[string]made{}}

// pageOf runs capsize in a folder that all tests share, once for each list of arguments, and returns the page that
// it wrote.
func pageOf(t *testing.T, args ...string) made {
	t.Helper()
	needBrowser(t)
	kept.Lock()
	defer kept.Unlock()
	key := strings.Join(args, "\x00")
	if m, ok := kept.pages[key]; ok {
		return m
	}
	m := runCommand(t, shared.work, args...)
	kept.pages[key] = m
	return m
}

// runCommand runs capsize in a folder, and returns the page that it says it wrote.
func runCommand(t *testing.T, dir string, args ...string) made {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	command := exec.CommandContext(t.Context(), filepath.Join(shared.bin, "capsize"), args...)
	command.Dir, command.Env = dir, environment()
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	m := made{output: stdout.String(), code: command.ProcessState.ExitCode()}
	require.Contains(t, []int{0, 1, 2}, m.code, "%v: %v\n%s", args, err, stderr.String())
	if found := pageLine.FindStringSubmatch(m.output); found != nil {
		m.file = filepath.Join(dir, filepath.FromSlash(found[1]))
	}
	return m
}

// environment is that of the tests without what changes what Capsize does, and with the commands in PATH, so that pages
// name them as a user types them.
func environment() []string {
	var all []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "CAPSIZE_") && !strings.HasPrefix(kv, "PATH=") && !strings.HasPrefix(kv, "GITHUB_") {
			all = append(all, kv)
		}
	}
	return append(all, "PATH="+shared.bin+string(os.PathListSeparator)+os.Getenv("PATH"), "NO_COLOR=1")
}

// words splits a command line without quotes in it.
func words(line string) []string { return strings.Fields(line) }
