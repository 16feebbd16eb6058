//go:build unix

package capsize_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A run that waits for a debugger goes on at SIGCONT, and keeps nothing.
func TestStopAndWait(t *testing.T) {
	dir := t.TempDir()
	cmd := stopChild(t, dir, "CAPSIZE_STOP_AT=4s,wait")
	said, err := cmd.StderrPipe()
	require.NoError(t, err)
	var out strings.Builder
	cmd.Stdout = &out
	require.NoError(t, cmd.Start())
	b := make([]byte, 4096)
	var text string
	for !strings.Contains(text, "kill -CONT") {
		n, err := said.Read(b)
		text += string(b[:n])
		require.NoError(t, err, text)
	}
	assert.Contains(t, text, "dlv attach ")
	assert.Contains(t, text, "waitForEver")
	require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
	require.Error(t, cmd.Wait(), "what it found counts: it is invalid")
	assert.Contains(t, out.String(), "n1")
	assert.Contains(t, out.String(), "To re-run")
}
