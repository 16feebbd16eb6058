package txnfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/capsize-go/capsize/history"
)

// A window is the part of a file that is in memory: from the op that is read on.
type window struct {
	r    io.Reader
	buf  []byte
	pos  int // of buf, what comes next
	end  int // of buf, where it ends
	line int // of what comes next, from 1
	done bool
}

// firstWindow is how many bytes are read at a time, at first.
const firstWindow = 64 << 10

func newWindow(r io.Reader) *window { return &window{r: r, buf: make([]byte, firstWindow), line: 1} }

// rest returns what is in memory and has not been passed over.
func (w *window) rest() []byte { return w.buf[w.pos:w.end] }

// pass passes over n bytes.
func (w *window) pass(n int) {
	w.line += bytes.Count(w.buf[w.pos:w.pos+n], []byte{'\n'})
	w.pos += n
}

// more reads on, and keeps the rest. It returns io.EOF at the end of the file.
func (w *window) more() error {
	if w.done {
		return io.EOF
	}
	if w.end-w.pos > history.MaxLine {
		return fmt.Errorf("an op of more than %d MiB", history.MaxLine>>20)
	}
	if w.pos > 0 {
		w.end = copy(w.buf, w.buf[w.pos:w.end])
		w.pos = 0
	}
	if w.end == len(w.buf) {
		w.buf = append(w.buf, make([]byte, len(w.buf))...)
	}
	n, err := io.ReadAtLeast(w.r, w.buf[w.end:], min(len(w.buf)-w.end, firstWindow/2))
	w.end += n
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF:
		w.done = true
		if n == 0 {
			return io.EOF
		}
	case err != nil:
		return fmt.Errorf("read: %w", err)
	}
	return nil
}
