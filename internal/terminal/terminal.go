// Package terminal says whether a file is a terminal, and how wide it is.
package terminal

import (
	"io"
	"os"
)

// Is reports whether what is written to w is seen at once, by a person at a terminal.
func Is(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, ok = Columns(f)
	return ok
}
