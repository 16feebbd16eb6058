package history

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/capsize-go/capsize/history/internal/lex"
)

// A FileError says what is wrong with a file of a history, and where.
type FileError struct {
	File string
	Line int // from 1
	Op   int // which op of the file it is about, from 1; 0 if the line has no other
	Err  error
}

// Error gives file, line and what is wrong, as compilers do, and the op where one line
// has several.
func (e *FileError) Error() string {
	if e.Op > 0 {
		return fmt.Sprintf("%s:%d: op %d: %v", e.File, e.Line, e.Op, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

// Unwrap returns what is wrong.
func (e *FileError) Unwrap() error { return e.Err }

// fileError puts a place to an error. A file without a name is "history".
func fileError(name string, line int, err error) error { return opError(name, line, 0, err) }

// opError puts the place of an op to an error.
func opError(name string, line, op int, err error) error {
	if name == "" {
		name = "history"
	}
	var bad *lex.ByteError
	if errors.As(err, &bad) {
		err, op = bad, 0
		line = cmp.Or(bad.Line, line)
	}
	return &FileError{File: name, Line: line, Op: op, Err: err}
}

// MaxLine is how many bytes a line of a file may have, or an op of a file that
// has no lines: what a reader may have to hold in memory.
const MaxLine = lex.MaxLine
