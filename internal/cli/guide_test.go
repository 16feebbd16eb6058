package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/tier"
)

// TestGuide runs the commands of the documents, and holds their output to what the documents show. It runs fenced
// blocks whose language is console, and in them the lines that begin with "$ capsize"; a block with a file name after
// its language, as ```edn history.edn, is that file. A block after a comment "shows: capsize …" is what that command
// prints: these are run in the long loop, and by -update, which writes the output into the documents.
func TestGuide(t *testing.T) {
	if testing.Short() {
		t.Skip("runs for seconds")
	}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("the guide's commands are of a shell")
	}
	pages := []string{"../../README.md"}
	for _, dir := range []string{"guide", "reference"} {
		found, err := filepath.Glob("../../docs/" + dir + "/*.md")
		require.NoError(t, err)
		pages = append(pages, found...)
	}
	ran := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		got := fence.ReplaceAllStringFunc(string(text), inGuide(t, t.TempDir(), &ran))
		got = shows.ReplaceAllStringFunc(got, func(block string) string {
			if !*update && !tier.Sweeping() {
				return block
			}
			ran++
			part := shows.FindStringSubmatch(block)
			return "<!-- shows: " + part[1] + " -->\n```\n" + printed(part[1], t.TempDir()) + "```"
		})
		if *update {
			require.NoError(t, os.WriteFile(page, []byte(got), 0o644))
			continue
		}
		assert.Equal(t, string(text), got, "%s; go test ./internal/cli -run Guide -update writes what is printed now", page)
	}
	assert.Greater(t, ran, 5, "commands of the guide that were run")
}

// fence matches a fenced block that begins a line: its language and file, and its text.
var fence = regexp.MustCompile("(?ms)^```(console|[a-z]+ [a-z.]+)\n(.*?)^```$")

// shows matches a block with its command.
var shows = regexp.MustCompile("(?ms)^<!-- shows: (capsize [^\n]*) -->\n```\n(.*?)^```$")

// wallTime is what no two runs of a command have in common.
var wallTime = regexp.MustCompile(`simulated in \S+`)

// inGuide returns a function that writes the file of a block to dir, or runs its commands there and returns the block with what
// they print.
func inGuide(t *testing.T, dir string, ran *int) func(block string) string {
	return func(block string) string {
		t.Helper()
		part := fence.FindStringSubmatch(block)
		if _, file, ok := strings.Cut(part[1], " "); ok {
			require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(part[2]), 0o644))
			return block
		}
		var b strings.Builder
		for line := range strings.Lines(part[2]) {
			if !strings.HasPrefix(line, "$ ") {
				continue // what was printed before
			}
			require.True(t, strings.HasPrefix(line, "$ capsize "), "%q can't be run", line)
			*ran++
			b.WriteString(line + printed(strings.TrimPrefix(line, "$ "), dir))
		}
		return "```console\n" + b.String() + "```"
	}
}

// printed returns what a command prints in a folder, without blanks at the ends of lines.
func printed(command, dir string) string {
	cmd := exec.Command("bash", "-c", command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	out, _ := cmd.CombinedOutput() // a verdict that is not valid is an error
	var b strings.Builder
	for l := range strings.Lines(string(out)) {
		b.WriteString(strings.TrimRight(l, " \n") + "\n")
	}
	return wallTime.ReplaceAllString(b.String(), "simulated in 400ms")
}
