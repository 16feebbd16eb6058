package history

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// MaxLine is how many bytes a line of a file may have, or an op of a file that
// has no lines: what a reader may have to hold in memory.
const MaxLine = 64 << 20

// errCut says that the end of a file is missing.
var errCut = errors.New("the last line is cut short")

// errLong says that a line, or an op, would need too much memory.
var errLong = fmt.Errorf("longer than %d MiB", MaxLine>>20)

// blanks may stand before and behind what a line says.
const blanks = " \t\r\n"

// lines reads a file line by line.
type lines struct {
	r    *bufio.Reader
	n    int    // number of the line read last
	long []byte // a line that does not fit in r's buffer
	cut  bool   // whether the line read last has no end
}

func newLines(r io.Reader) *lines { return &lines{r: bufio.NewReaderSize(r, 64<<10)} }

// next returns the next line that is not blank, without its end. The line is
// overwritten by the next call. After the last line, next returns io.EOF.
func (l *lines) next() ([]byte, error) {
	for {
		line, err := l.line()
		if err != nil {
			return nil, err
		}
		if l.n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if line = bytes.Trim(line, blanks); len(line) > 0 {
			return line, nil
		}
	}
}

// line returns the next line.
func (l *lines) line() ([]byte, error) {
	part, err := l.r.ReadSlice('\n')
	if err == io.EOF && len(part) == 0 {
		return nil, io.EOF
	}
	l.n++
	l.long = l.long[:0]
	for err == bufio.ErrBufferFull {
		if len(l.long)+len(part) > MaxLine {
			return nil, errLong
		}
		l.long = append(l.long, part...)
		part, err = l.r.ReadSlice('\n')
	}
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read: %w", err)
	}
	l.cut = err == io.EOF
	if len(l.long) == 0 {
		return part, nil
	}
	l.long = append(l.long, part...)
	return l.long, nil
}
