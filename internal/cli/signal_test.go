//go:build unix

package cli

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// forever waits in short sleeps: a signal that comes just before a sleep begins is seen after it.
const forever = `while :; do sleep 0.1; done`

// TestSignals has "capsize test" pass signals on to all that the go command has started, and end with its exit code.
func TestSignals(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("the go command of the test is a shell script")
	}
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	require.NoError(t, makeGoroot(root, ""))
	for _, c := range []struct {
		name   string
		ends   string // what the go command does; a shell that has a trap goes on once its own command has ended
		signal []os.Signal
		code   int
	}{
		{"interrupt", `trap 'echo interrupted; exit 7' INT; echo ready; ` + forever, []os.Signal{os.Interrupt}, 7},
		{"terminate", `echo ready; ` + forever, []os.Signal{syscall.SIGTERM}, 128 + int(syscall.SIGTERM)},
		{"interrupt twice", `trap 'echo ready' INT; echo ready; ` + forever, []os.Signal{os.Interrupt, os.Interrupt}, 128 + int(syscall.SIGKILL)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cmd := command(t, t.TempDir())
			cmd.Args = []string{cmd.Path, "test"}
			cmd.Env = append(os.Environ(), "PATH="+filepath.Join(root, "bin")+":"+os.Getenv("PATH"), "CAPSIZE_CACHE="+filepath.Join(dir, "cache"), "GO_ENDS="+c.ends)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			var rest bytes.Buffer
			cmd.Stderr = &rest
			require.NoError(t, cmd.Start())
			timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
			defer timer.Stop()
			for _, s := range c.signal {
				readUntil(t, out, "ready\n")
				require.NoError(t, cmd.Process.Signal(s))
			}
			// Whatever the go command has started has its output open: this ends with the last of them.
			var left bytes.Buffer
			_, err = left.ReadFrom(out)
			require.NoError(t, err)
			_ = cmd.Wait()
			require.Equal(t, c.code, cmd.ProcessState.ExitCode(), "%s%s", &left, &rest)
			if c.name == "interrupt" {
				require.Equal(t, "interrupted\n", left.String())
			}
		})
	}
}

// readUntil reads until it has read a text.
func readUntil(t *testing.T, r io.Reader, text string) {
	t.Helper()
	var got []byte
	for b := make([]byte, 1); !bytes.HasSuffix(got, []byte(text)); {
		n, err := r.Read(b)
		require.NoError(t, err, "%s", got)
		got = append(got, b[:n]...)
	}
}
