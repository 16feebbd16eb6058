package lex

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

// ErrCut says that the end of a file is missing.
var ErrCut = errors.New("the last line is cut short")

// ErrLong says that a line, or an op, would need too much memory.
var ErrLong = fmt.Errorf("longer than %d MiB", MaxLine>>20)

// Blanks may stand before and behind what a line says.
const Blanks = " \t\r\n"

// Lines reads a file line by line.
type Lines struct {
	r    *bufio.Reader
	N    int    // number of the line read last
	long []byte // a line that does not fit in r's buffer
	Cut  bool   // whether the line read last has no end
}

// NewLines returns the lines of a file.
func NewLines(r io.Reader) *Lines { return &Lines{r: bufio.NewReaderSize(r, 64<<10)} }

// Next returns the next line that is not blank, without its end. The line is
// overwritten by the next call. After the last line, next returns io.EOF.
func (l *Lines) Next() ([]byte, error) {
	for {
		line, err := l.line()
		if err != nil {
			return nil, err
		}
		if l.N == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if line = bytes.Trim(line, Blanks); len(line) > 0 {
			return line, nil
		}
	}
}

// line returns the next line.
func (l *Lines) line() ([]byte, error) {
	part, err := l.r.ReadSlice('\n')
	if err == io.EOF && len(part) == 0 {
		return nil, io.EOF
	}
	l.N++
	l.long = l.long[:0]
	for err == bufio.ErrBufferFull {
		if len(l.long)+len(part) > MaxLine {
			return nil, ErrLong
		}
		l.long = append(l.long, part...)
		part, err = l.r.ReadSlice('\n')
	}
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read: %w", err)
	}
	l.Cut = err == io.EOF
	if len(l.long) == 0 {
		return part, nil
	}
	l.long = append(l.long, part...)
	return l.long, nil
}
